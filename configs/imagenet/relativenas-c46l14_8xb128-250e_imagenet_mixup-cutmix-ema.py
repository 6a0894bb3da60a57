# Adds MixUp, CutMix and an EMA of the weights, which the reference implementation does not use.
_base_ = "./relativenas-c46l14_8xb128-250e_imagenet.py"

model = dict(batch_augments=[dict(type="MixUp", alpha=0.2, prob=0.5), dict(type="CutMix", alpha=1.0, prob=0.5)])
custom_hooks = [dict(type="EMAHook", ema_type="ExponentialMovingAverage", momentum=1e-4, update_buffers=True)]
