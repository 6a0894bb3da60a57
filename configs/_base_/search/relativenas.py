# RelativeNAS as in the reference implementation: 50 generations of 20 individuals over 8 cells of 16 channels (1,000
# candidates).
train_cfg = dict(
    type="SearchLoop",
    space=dict(type="CellSpace", rounding="ceil"),
    strategy=dict(type="SlowFastLearning", population_size=20, generations=50, evaluate_last=True),
    evaluator=dict(
        type="SupernetEvaluator",
        data=dict(type="cifar10", data_root="{{$CIFAR10_ROOT:data/cifar10}}"),
        network=dict(init_channels=16, num_cells=8),
        training=dict(
            batch_size=256, lr=0.1, min_lr=0.001, momentum=0.9, weight_decay=3e-4, grad_clip=5.0, drop_path_rate=0.3
        ),
        augmentation=dict(padding=4, flip=True, cutout=16),
        train_portion=0.5,
        augment_validation=True,
        write_back="group",
        duplicates="shared",
        fresh_optimizer=True,
    ),
)
