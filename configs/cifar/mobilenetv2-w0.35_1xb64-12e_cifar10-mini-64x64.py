# MobileNetV2 of about the same size, under the same settings.
_base_ = "./relativenas-c16l6_1xb64-12e_cifar10-mini-64x64.py"
model = dict(
    _delete_=True,
    type="BackboneClassifier",
    backbone=dict(type="mmdet.MobileNetV2", widen_factor=0.35, out_indices=(6,)),
    in_channels=112,
    num_classes=10,
)
custom_hooks = [dict(type="ChannelsLastHook")]
