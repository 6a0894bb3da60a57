# A reduced search on 5,000 CIFAR-10 images, for CPUs.  data/cifar10-mini holds cifar-10-batches-py.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/relativenas.py"]

train_cfg = dict(
    strategy=dict(population_size=8, generations=8),
    evaluator=dict(
        data=dict(data_root="{{$CIFAR10_ROOT:data/cifar10-mini}}", limit=2000, num_classes=10),
        network=dict(init_channels=8, num_cells=5),
        training=dict(batch_size=32),
        execution=dict(backend="auto", channels_last=True),
        augmentation=dict(padding=4, cutout=8),
    ),
)
