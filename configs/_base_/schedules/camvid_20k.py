# CamVid to convergence: mmseg's 20k schedule with a warm-up, and ten times the learning rate for the heads.
_base_ = "./segmentor_80k.py"

max_iters = 20000
train_cfg = dict(max_iters=max_iters, val_interval=2000)
param_scheduler = [
    dict(type="LinearLR", by_epoch=False, start_factor=1e-3, begin=0, end=500),
    dict(type="PolyLR", by_epoch=False, power=0.9, eta_min=1e-4, begin=500, end=max_iters),
]
default_hooks = dict(checkpoint=dict(interval=2000))
