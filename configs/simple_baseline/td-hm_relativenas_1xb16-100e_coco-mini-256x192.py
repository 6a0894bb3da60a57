# The paper's pose estimator on a small part of COCO in the same layout: shorter, with small batches.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"

max_epochs = 100
train_cfg = dict(max_epochs=max_epochs, val_interval=20)
param_scheduler = [
    dict(type="LinearLR", by_epoch=False, start_factor=0.01, begin=0, end=50),
    dict(type="CosineAnnealingLR", by_epoch=True, T_max=max_epochs, eta_min=0, convert_to_iter_based=True),
]
train_dataloader = dict(batch_size=16, num_workers=2)
val_dataloader = dict(num_workers=2)
test_dataloader = dict(num_workers=2)
default_hooks = dict(logger=dict(interval=5), checkpoint=dict(interval=20))
# Depthwise convolutions on CPUs are fastest in channels_last.
custom_hooks = [*_base_.custom_hooks, dict(type="ChannelsLastHook")]
auto_scale_lr = dict(base_batch_size=16)
