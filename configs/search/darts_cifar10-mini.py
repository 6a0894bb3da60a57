# First-order DARTS on 600 CIFAR-10 images, for CPUs; second-order DARTS takes three times as long.
# data/cifar10-mini holds cifar-10-batches-py.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/darts.py"]

train_cfg = dict(
    data=dict(data_root="{{$CIFAR10_ROOT:data/cifar10-mini}}", limit=600, num_classes=10),
    epochs=6,
    network=dict(init_channels=4, num_cells=4),
    training=dict(batch_size=32, lr=0.05),
    channels_last=True,
    architecture=dict(order=1, lr=0.01),
)
