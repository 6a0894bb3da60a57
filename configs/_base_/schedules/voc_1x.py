# mmdet's VOC schedule of 12 passes over trainval (../datasets/voc0712.py repeats it three times per epoch), with a
# warm-up and gradient clipping, as cell outputs are not normalized.
max_epochs = 4
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=max_epochs, val_interval=1)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=35),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type="MultiStepLR", by_epoch=True, begin=0, end=max_epochs, milestones=[3], gamma=0.1),
]
custom_hooks = [dict(type="NumClassCheckHook"), dict(type="CheckInvalidLossHook", interval=50, priority="VERY_LOW")]
# 8 GPUs with 2 images each
auto_scale_lr = dict(enable=False, base_batch_size=16)
