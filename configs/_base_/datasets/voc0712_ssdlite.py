# VOC 2007 + 2012 trainval without difficult objects, tested on VOC 2007 test; VOC_ROOT names the VOCdevkit folder.
dataset_type = "CheckedVOCDataset"
data_root = "{{$VOC_ROOT:data/VOCdevkit/}}"
image_size = (320, 320)
mean = [123.675, 116.28, 103.53]

train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(
        type="PhotoMetricDistortion",
        brightness_delta=32,
        contrast_range=(0.5, 1.5),
        saturation_range=(0.5, 1.5),
        hue_delta=18,
    ),
    dict(type="Expand", mean=mean, to_rgb=True, ratio_range=(1, 4)),
    # The reference implementation lists 0.1, 0.3, 0.7 and 0.9 too, but never enforces them: min_ious=(0, 0, 0, 0).
    dict(type="MinIoURandomCrop", min_ious=(0.1, 0.3, 0.7, 0.9), min_crop_size=0.3),
    dict(type="RandomFlip", prob=0.5),
    dict(type="Resize", scale=image_size, keep_ratio=False),
    dict(type="PackDetInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=image_size, keep_ratio=False),
    # after Resize, so that boxes stay in the coordinates of the original image
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="PackDetInputs", meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor")),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="ConcatDataset",
        # differs between the two parts
        ignore_keys=["dataset_type"],
        datasets=[
            dict(
                type=dataset_type,
                data_root=data_root,
                ann_file="VOC2007/ImageSets/Main/trainval.txt",
                data_prefix=dict(sub_data_root="VOC2007/"),
                keep_difficult=False,
                minus_one=True,
                filter_cfg=dict(filter_empty_gt=True),
                pipeline=train_pipeline,
            ),
            dict(
                type=dataset_type,
                data_root=data_root,
                ann_file="VOC2012/ImageSets/Main/trainval.txt",
                data_prefix=dict(sub_data_root="VOC2012/"),
                keep_difficult=False,
                minus_one=True,
                filter_cfg=dict(filter_empty_gt=True),
                pipeline=train_pipeline,
            ),
        ],
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file="VOC2007/ImageSets/Main/test.txt",
        data_prefix=dict(sub_data_root="VOC2007/"),
        minus_one=True,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
# Difficult objects are ignored in the evaluation.
val_evaluator = dict(type="VOCMetric", metric="mAP", eval_mode="11points", iou_thrs=0.5)
test_evaluator = val_evaluator
