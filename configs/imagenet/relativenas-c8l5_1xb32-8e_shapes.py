# A small network on folders of generated 96x96 images, for CPUs: the ImageNet training at a small scale.
_base_ = [
    "../_base_/models/cell_imagenet.py",
    "../_base_/datasets/shapes_image_folder.py",
    "../_base_/schedules/imagenet_250e.py",
    "../_base_/default_runtime.py",
]

max_epochs = 8
model = dict(backbone=dict(init_channels=8, num_cells=5), num_classes=10)
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=0.05))
param_scheduler = [
    dict(type="LinearLR", by_epoch=True, begin=0, end=2, start_factor=0.5, end_factor=1.0),
    dict(type="LinearLR", by_epoch=True, begin=2, end=max_epochs, start_factor=1.0, end_factor=0.05),
]
custom_hooks = [dict(type="ChannelsLastHook")]
auto_scale_lr = dict(base_batch_size=32)
