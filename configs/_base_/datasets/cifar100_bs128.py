# CIFAR-100 as arrays on the training device; CIFAR100_ROOT holds cifar-100-python.
data = dict(type="cifar100", data_root="{{$CIFAR100_ROOT:data/cifar100}}", num_classes=100)
train_dataloader = dict(
    batch_size=128,
    num_workers=0,
    collate_fn=dict(type="whole_batch"),
    sampler=dict(type="ArraySampler", shuffle=True),
    dataset=dict(
        type="ArrayDataset", data=dict(split="train", **data), augmentation=dict(padding=4, flip=True, cutout=16)
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
