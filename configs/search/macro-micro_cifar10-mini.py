# All four stages at a reduced scale, minutes on a CPU: 3 to 7 layers, 6 to 10 channels, 1,200 training and 800
# validation images, at least three epochs; the parameter slack is in proportion to that of the reference
# implementation.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/macro_micro.py"]

train_cfg = dict(
    space=dict(min_depth=3, max_depth=7, min_width=6, max_width=10),
    strategy=dict(rules=dict(first_epochs=3, slack=150)),
    evaluator=dict(
        data=dict(type="cifar10", data_root="{{$CIFAR10_ROOT:data/cifar10-mini}}", limit=2000, num_classes=10),
        training=dict(batch_size=32),
        execution=dict(channels_last=True),
        augmentation=dict(cutout=8),
        train_portion=0.6,
    ),
)
