# As in the reference implementation's YAML: Adam, 1e-3, no weight decay, divided by 10 after epochs 90 and 120.
_base_ = "../pose_runtime.py"

max_epochs = 140
train_cfg = dict(max_epochs=max_epochs, val_interval=10)
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="Adam", lr=1e-3))
param_scheduler = [dict(type="MultiStepLR", by_epoch=True, milestones=[90, 120], gamma=0.1)]
# The last epoch is tested: selecting the best by test score would bias the result.
default_hooks = dict(checkpoint=dict(interval=10, max_keep_ckpts=3))
auto_scale_lr = dict(enable=False, base_batch_size=128)
