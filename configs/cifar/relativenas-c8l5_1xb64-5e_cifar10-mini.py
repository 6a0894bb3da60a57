# A small network on 5,000 CIFAR-10 images, for CPUs; CIFAR10_ROOT holds cifar-10-batches-py.
_base_ = "./relativenas-c36l20_1xb128-600e_cifar10.py"

max_epochs = 5
model = dict(backbone=dict(init_channels=8, num_cells=5))
train_dataloader = dict(batch_size=64, dataset=dict(augmentation=dict(cutout=8)))
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(T_max=max_epochs)
# no drop path in so short a training
custom_hooks = [dict(type="DropPathScheduleHook", max_rate=0.0), dict(type="ChannelsLastHook")]
auto_scale_lr = dict(base_batch_size=64)
