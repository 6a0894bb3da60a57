# mmseg's 80k schedule with a warm-up, and ten times the learning rate for the heads.
_base_ = "mmseg::_base_/schedules/schedule_80k.py"

optim_wrapper = dict(paramwise_cfg=dict(custom_keys={"head": dict(lr_mult=10.0)}))
param_scheduler = [
    dict(type="LinearLR", by_epoch=False, start_factor=1e-3, begin=0, end=1000),
    dict(type="PolyLR", by_epoch=False, power=0.9, eta_min=1e-4, begin=1000, end=80000),
]
default_hooks = dict(checkpoint=dict(max_keep_ckpts=3))
