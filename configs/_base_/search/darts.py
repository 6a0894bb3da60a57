# DARTS as published: 50 epochs over 8 mixed cells of 16 channels; weights by SGD, architecture by Adam.
train_cfg = dict(
    type="DartsLoop",
    data=dict(type="cifar10", data_root="{{$CIFAR10_ROOT:data/cifar10}}"),
    epochs=50,
    network=dict(init_channels=16, num_cells=8),
    training=dict(batch_size=64, lr=0.025, min_lr=0.001, momentum=0.9, weight_decay=3e-4, grad_clip=5.0),
    architecture=dict(order=2, lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3),
    augmentation=dict(padding=4, flip=True, cutout=0),
    train_portion=0.5,
)
