# All four stages in about two minutes on a CPU, as a demonstration: 3 to 5 layers, 6 to 10 channels, 1,000 shapes.
# Make the data by `python tools/make_shapes.py data/shapes --layout cifar10`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/macro_micro.py"]

train_cfg = dict(
    space=dict(min_depth=3, max_depth=5, min_width=6, max_width=10),
    strategy=dict(rules=dict(first_epochs=1, width_epochs=1, slack=200)),
    evaluator=dict(
        data=dict(type="cifar10", data_root="{{$SHAPES_ROOT:data/shapes}}/cifar10", limit=1000, num_classes=10),
        training=dict(batch_size=16, lr=0.05),
        execution=dict(channels_last=True),
        augmentation=dict(padding=2, cutout=0),
        train_portion=0.7,
    ),
)
