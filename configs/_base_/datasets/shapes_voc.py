# The generated shapes data in VOC layout: `python tools/make_shapes.py data/shapes --layout voc`.
# No RepeatDataset: generating more images is cheap, and better than repeating them.
dataset_type = "CheckedVOCDataset"
data_root = "{{$SHAPES_ROOT:data/shapes}}/voc/VOCdevkit/"
image_size = (160, 160)
metainfo = dict(
    classes=("disc", "square", "triangle", "star", "cross", "crescent", "heart", "person"),
    palette=[
        (230, 73, 60),
        (52, 120, 219),
        (46, 190, 100),
        (245, 200, 40),
        (155, 80, 190),
        (30, 190, 190),
        (240, 100, 170),
        (245, 140, 30),
    ],
)

train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="Resize", scale=image_size, keep_ratio=False),
    dict(type="RandomFlip", prob=0.5),
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
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file="VOC2007/ImageSets/Main/train.txt",
        data_prefix=dict(sub_data_root="VOC2007/"),
        metainfo=metainfo,
        filter_cfg=dict(filter_empty_gt=True, min_size=16),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file="VOC2007/ImageSets/Main/val.txt",
        data_prefix=dict(sub_data_root="VOC2007/"),
        metainfo=metainfo,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file="VOC2007/ImageSets/Main/test.txt",
        data_prefix=dict(sub_data_root="VOC2007/"),
        metainfo=metainfo,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)

val_evaluator = dict(type="VOCMetric", metric="mAP", eval_mode="area")
test_evaluator = val_evaluator
