# Cityscapes with the augmentation of the reference implementation: 1024x1024 crops at six scales, color jitter.
_base_ = "./cityscapes_512x1024.py"

crop_size = (1024, 1024)
train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations"),
    dict(type="EnhanceColors", factors=(0.5, 1.5)),
    dict(type="RandomFlip", prob=0.5),
    dict(
        type="RandomChoiceResize",
        scales=[(1536, 768), (2048, 1024), (2560, 1280), (3072, 1536), (3584, 1792), (4096, 2048)],
        resize_type="Resize",
        keep_ratio=True,
    ),
    dict(type="RandomCrop", crop_size=crop_size),
    dict(type="PackSegInputs"),
]
train_dataloader = dict(batch_size=8, num_workers=4, dataset=dict(pipeline=train_pipeline))
