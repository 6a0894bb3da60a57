# CamVid at full size, tested on whole images.
_base_ = [
    "../_base_/models/bisenet_cell.py",
    "../_base_/datasets/camvid.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/bisenet_80k.py",
]
max_iters = 20000
model = dict(
    data_preprocessor=dict(size=(360, 480)),
    decode_head=dict(num_classes=11),
    auxiliary_head=[dict(head, num_classes=11) for head in _base_.model.auxiliary_head],
    test_cfg=dict(_delete_=True, mode="whole"),
)
train_cfg = dict(max_iters=max_iters, val_interval=2000)
param_scheduler = [
    dict(type="ConstantLR", by_epoch=False, factor=1e-3),
    dict(type="ExponentialLR", by_epoch=False, gamma=1000 ** (1 / 500), begin=0, end=501),
    dict(type="PolyLR", by_epoch=False, power=0.9, eta_min=0.0, begin=500, end=max_iters),
]
default_hooks = dict(checkpoint=dict(interval=2000))
auto_scale_lr = dict(enable=False, base_batch_size=8)
