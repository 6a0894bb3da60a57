# 12 times VOC 2007 + 2012 trainval, which an epoch of ../datasets/voc0712.py holds three times: mmdet's VOC schedule
# with a warm-up, and with a limit on gradients, for networks whose outputs have no normalization of their own.
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
