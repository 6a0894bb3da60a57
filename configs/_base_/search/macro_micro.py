# The global search for depth, width, operations and kernels with the constants of the reference implementation
# (Siddiqui et al., 2025).  That compares candidates on the test images (evaluator.validation="test"); here a tenth of
# the training images is held out instead.
train_cfg = dict(
    type="SearchLoop",
    space=dict(type="MacroMicroSpace", min_depth=10, max_depth=100, min_width=16, max_width=64, kernels=(3, 5)),
    strategy=dict(
        type="MacroMicroSearch",
        rules=dict(
            first_epochs=10,
            depth_gain=0.10,
            depth_loss=0.05,
            patience=2,
            saturated=99.9,
            saturated_training=99.5,
            width_step=2,
            width_epochs=2,
            micro_epochs=2,
            slack=10_000,
        ),
        final_width="macro",
    ),
    evaluator=dict(
        type="StandAloneEvaluator",
        data=dict(type="cifar10", data_root="{{$CIFAR10_ROOT:data/cifar10}}"),
        training=dict(
            batch_size=64, lr=0.025, min_lr=0.0, momentum=0.9, weight_decay=3e-4, grad_clip=5.0, drop_path_rate=0.0
        ),
        augmentation=dict(padding=4, flip=True, cutout=16, crop=32),
        train_portion=0.9,
        validation="held-out",
        objective="error",
        best_epoch=True,
        step_ahead=True,
    ),
    objectives=("train_error",),
    save_every=0.0,  # training a candidate takes far longer than a checkpoint
)
