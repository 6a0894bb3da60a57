# The generated shapes data in Cityscapes layout: `python tools/make_shapes.py data/shapes --layout cityscapes`.
# BaseSegDataset, because CityscapesDataset requires the classes of Cityscapes.
dataset_type = "BaseSegDataset"
data_root = "{{$SHAPES_ROOT:data/shapes}}/cityscapes/"
image_size = (256, 128)
crop_size = (128, 128)
metainfo = dict(
    classes=("background", "disc", "square", "triangle", "star", "cross", "crescent", "heart", "person"),
    palette=[
        [70, 70, 80],
        [230, 73, 60],
        [52, 120, 219],
        [46, 190, 100],
        [245, 200, 40],
        [155, 80, 190],
        [30, 190, 190],
        [240, 100, 170],
        [245, 140, 30],
    ],
)

train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="RandomResize", scale=image_size, ratio_range=(1.0, 2.0), keep_ratio=True),
    dict(type="RandomCrop", crop_size=crop_size, cat_max_ratio=0.95),
    dict(type="RandomFlip", prob=0.5),
    dict(type="PackSegInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=image_size, keep_ratio=True),
    # after Resize, so that the label map keeps its original size
    dict(type="LoadAnnotations"),
    dict(type="PackSegInputs"),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="InfiniteSampler", shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path="leftImg8bit/train", seg_map_path="gtFine/train"),
        img_suffix="_leftImg8bit.png",
        seg_map_suffix="_gtFine_labelTrainIds.png",
        metainfo=metainfo,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_prefix=dict(img_path="leftImg8bit/val", seg_map_path="gtFine/val"),
        img_suffix="_leftImg8bit.png",
        seg_map_suffix="_gtFine_labelTrainIds.png",
        metainfo=metainfo,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type="IoUMetric", iou_metrics=["mIoU"])
test_evaluator = val_evaluator
