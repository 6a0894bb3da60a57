# A reduced search by DARTS on 5,000 CIFAR-10 images, for CPUs.  data/cifar10-mini holds cifar-10-batches-py.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/darts.py"]

train_cfg = dict(
    data=dict(data_root="data/cifar10-mini", limit=1000, num_classes=10),
    epochs=6,
    network=dict(init_channels=4, num_cells=4),
    training=dict(batch_size=32, lr=0.05, channels_last=True),
    architecture=dict(lr=0.01),
)
