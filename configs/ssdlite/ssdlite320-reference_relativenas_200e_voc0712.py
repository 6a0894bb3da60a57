# The same detector with the reference implementation's choices: normalization, order of classes, clipped priors,
# unclipped boxes, and random crops whose minimum IoU is never enforced.
_base_ = "./ssdlite320_relativenas_200e_voc0712.py"

mean = [127.0, 127.0, 127.0]
model = dict(
    data_preprocessor=dict(mean=mean, std=[128.0, 128.0, 128.0]),
    bbox_head=dict(
        background="first",
        anchor_generator=dict(type="ClampedSSDAnchorGenerator"),
        bbox_coder=dict(clip_border=False),
    ),
    test_cfg=dict(min_bbox_size=-1),
)
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
    dict(type="MinIoURandomCrop", min_ious=(0, 0, 0, 0), min_crop_size=0.3),
    dict(type="RandomFlip", prob=0.5),
    dict(type="Resize", scale=_base_.image_size, keep_ratio=False),
    dict(type="PackDetInputs"),
]
train_dataloader = dict(
    dataset=dict(datasets=[dict(part, pipeline=train_pipeline) for part in _base_.train_dataloader.dataset.datasets])
)
