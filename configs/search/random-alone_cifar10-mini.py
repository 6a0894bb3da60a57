# Random search without shared weights: each candidate is trained from scratch for one epoch.
_base_ = "random_cifar10-mini.py"

train_cfg = dict(
    evaluator=dict(
        _delete_=True,
        type="StandAloneEvaluator",
        data=dict(type="cifar10", data_root="{{$CIFAR10_ROOT:data/cifar10-mini}}", limit=2000, num_classes=10),
        epochs=1,
        network=dict(init_channels=8, num_cells=5),
        training=dict(batch_size=32, lr=0.1),
        execution=dict(backend="auto", channels_last=True),
        augmentation=dict(padding=4, flip=True, cutout=8),
    )
)
