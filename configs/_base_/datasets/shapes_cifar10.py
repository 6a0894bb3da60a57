# The generated shapes data in CIFAR-10 layout: `python tools/make_shapes.py data/shapes --layout cifar10`.
data = dict(type="cifar10", data_root="{{$SHAPES_ROOT:data/shapes}}/cifar10", num_classes=10)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    collate_fn=dict(type="whole_batch"),
    sampler=dict(type="ArraySampler", shuffle=True),
    dataset=dict(
        type="ArrayDataset", data=dict(split="train", **data), augmentation=dict(padding=4, flip=True, cutout=0)
    ),
)
val_dataloader = dict(
    batch_size=500,
    num_workers=0,
    collate_fn=dict(type="whole_batch"),
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(type="ArrayDataset", data=dict(split="test", **data)),
)
test_dataloader = val_dataloader
