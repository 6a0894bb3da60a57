# A small network on the generated shapes, for CPUs.
_base_ = [
    "../_base_/models/cell_cifar.py",
    "../_base_/datasets/shapes_cifar10.py",
    "../_base_/schedules/cifar_600e.py",
    "../_base_/default_runtime.py",
]

max_epochs = 4
model = dict(backbone=dict(init_channels=8, num_cells=5))
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(T_max=max_epochs)
custom_hooks = [dict(type="DropPathScheduleHook", max_rate=0.1), dict(type="ChannelsLastHook")]
auto_scale_lr = dict(base_batch_size=64)
