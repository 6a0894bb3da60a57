# The RelativeNAS paper's detector: the published cell, VOC 2007 + 2012 trainval, tested on VOC 2007 test.
_base_ = [
    "../_base_/models/ssdlite320_cell.py",
    "../_base_/datasets/voc0712_ssdlite.py",
    "mmdet::_base_/default_runtime.py",
]

max_epochs = 200
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=max_epochs, val_interval=10)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4),
)
param_scheduler = [dict(type="CosineAnnealingLR", by_epoch=True, T_max=max_epochs, eta_min=0)]
# The last epoch is tested: selecting the best by test score would bias the result.
default_hooks = dict(checkpoint=dict(interval=10, max_keep_ckpts=3))
custom_hooks = [dict(type="NumClassCheckHook"), dict(type="CheckInvalidLossHook", interval=50, priority="VERY_LOW")]
env_cfg = dict(cudnn_benchmark=True)
auto_scale_lr = dict(enable=False, base_batch_size=32)
