# SSD300 with the published RelativeNAS cell on VOC 2007 trainval, tested on VOC 2007 test (11 points).
_base_ = [
    "../_base_/models/ssd300_cell.py",
    "../_base_/datasets/voc07_ssd.py",
    "mmdet::_base_/default_runtime.py",
]
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
model = dict(bbox_head=dict(num_classes=20, anchor_generator=dict(basesize_ratio_range=(0.2, 0.9))))

train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=120, val_interval=10)
val_cfg = dict(type="ValLoop")
test_cfg = dict(type="TestLoop")
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=2e-3, momentum=0.9, weight_decay=5e-4),
    clip_grad=dict(max_norm=35),
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type="MultiStepLR", begin=0, end=120, by_epoch=True, milestones=[80, 110], gamma=0.1),
]
# The last epoch is tested: selecting the best by test score would bias the result.
default_hooks = dict(checkpoint=dict(interval=10, max_keep_ckpts=3))
custom_hooks = [dict(type="NumClassCheckHook"), dict(type="CheckInvalidLossHook", interval=50, priority="VERY_LOW")]
env_cfg = dict(cudnn_benchmark=True)
auto_scale_lr = dict(enable=False, base_batch_size=8)
