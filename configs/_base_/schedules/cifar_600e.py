# Retraining on CIFAR as in the reference implementation: SGD on all parameters, cosine decay to 0 by epoch, drop path
# rate rising linearly to 0.3.
max_epochs = 600
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=max_epochs, val_interval=1)
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.025, momentum=0.9, weight_decay=3e-4),
    clip_grad=dict(max_norm=5),
)
param_scheduler = dict(type="CosineAnnealingLR", by_epoch=True, T_max=max_epochs, eta_min=0)
custom_hooks = [dict(type="DropPathScheduleHook", max_rate=0.3)]
auto_scale_lr = dict(enable=False, base_batch_size=128)
