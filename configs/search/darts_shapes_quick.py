# First-order DARTS on the generated shapes: minutes on a CPU.
# Make the data by `python tools/make_shapes.py data/shapes --layout cifar10`.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/darts.py"]

train_cfg = dict(
    data=dict(data_root="{{$SHAPES_ROOT:data/shapes}}/cifar10", limit=600, num_classes=10),
    epochs=6,
    network=dict(init_channels=4, num_cells=4),
    training=dict(batch_size=32, lr=0.05),
    channels_last=True,
    architecture=dict(order=1, lr=0.01),
    augmentation=dict(padding=2, cutout=0),
)
