# ImageNet as plain folders, train/<class>/ and val/<class>/; IMAGENET_ROOT names the folder that holds both.
data_root = "{{$IMAGENET_ROOT:data/imagenet}}"
# Reading 1.3 million headers before each start would take minutes; damaged images are named when they are read.
common = dict(type="ImageFolder", data_root=data_root, num_classes=1000, check_images=False)
train_pipeline = [
    dict(type="LoadRGBImage"),
    dict(type="torchvision/RandomResizedCrop", size=224, scale=(0.08, 1.0)),
    dict(type="torchvision/RandomHorizontalFlip"),
    dict(type="torchvision/ColorJitter", brightness=0.4, contrast=0.4, saturation=0.4, hue=0.2),
    dict(type="PackClassificationInputs"),
]
test_pipeline = [
    dict(type="LoadRGBImage"),
    dict(type="torchvision/Resize", size=256),
    dict(type="torchvision/CenterCrop", size=224),
    dict(type="PackClassificationInputs"),
]
train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(**common, split="train", pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    collate_fn=dict(type="default_collate"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(**common, split="val", pipeline=test_pipeline),
)
test_dataloader = val_dataloader
