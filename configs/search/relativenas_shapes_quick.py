# A small but real search on the generated shapes: about two minutes on two CPU cores.
# Make the data by `python tools/make_shapes.py data/shapes --layout cifar10`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/relativenas.py"]

train_cfg = dict(
    strategy=dict(population_size=6, generations=3),
    evaluator=dict(
        data=dict(data_root="{{$SHAPES_ROOT:data/shapes}}/cifar10", limit=1000, num_classes=10),
        network=dict(init_channels=8, num_cells=5),
        training=dict(batch_size=16, lr=0.05, drop_path_rate=0.0),
        execution=dict(channels_last=True),
        augmentation=dict(padding=2, cutout=0),
        train_portion=0.7,
    ),
)
