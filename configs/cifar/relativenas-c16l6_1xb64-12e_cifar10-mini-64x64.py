# The backbone of the small detectors, segmentors and pose estimators on 5,000 CIFAR-10 images, enlarged to 64x64, for
# CPUs; CIFAR10_ROOT holds cifar-10-batches-py.
_base_ = [
    "../_base_/models/cell_cifar.py",
    "../_base_/datasets/cifar10_bs128.py",
    "../_base_/schedules/cifar_600e.py",
    "../_base_/default_runtime.py",
]

max_epochs = 12
model = dict(backbone=dict(init_channels=16, num_cells=6, stem="imagenet"))
train_dataloader = dict(
    batch_size=64,
    dataset=dict(data=dict(size=64), augmentation=dict(padding=8, cutout=16)),
)
val_dataloader = dict(dataset=dict(data=dict(size=64)))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = dict(T_max=max_epochs)
# no drop path in so short a training
custom_hooks = [dict(type="DropPathScheduleHook", max_rate=0.0), dict(type="ChannelsLastHook")]
auto_scale_lr = dict(base_batch_size=64)
