# The generated shapes data as folders: `python tools/make_shapes.py data/shapes --layout image_folder`.
data_root = "{{$SHAPES_ROOT:data/shapes}}/image_folder"
train_pipeline = [
    dict(type="LoadRGBImage"),
    dict(type="torchvision/RandomResizedCrop", size=96, scale=(0.25, 1.0)),
    dict(type="torchvision/RandomHorizontalFlip"),
    dict(type="torchvision/ColorJitter", brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2),
    dict(type="PackClassificationInputs"),
]
test_pipeline = [
    dict(type="LoadRGBImage"),
    dict(type="torchvision/Resize", size=110),
    dict(type="torchvision/CenterCrop", size=96),
    dict(type="PackClassificationInputs"),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(type="ImageFolder", data_root=data_root, split="train", num_classes=10, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="ImageFolder", data_root=data_root, split="val", num_classes=10, pipeline=test_pipeline),
)
test_dataloader = val_dataloader
