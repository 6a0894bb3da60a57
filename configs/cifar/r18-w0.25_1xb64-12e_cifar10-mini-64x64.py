# ResNet-18 of a quarter of its width, under the same settings.  Its layers have the same names in all mm packages.
_base_ = "./relativenas-c16l6_1xb64-12e_cifar10-mini-64x64.py"
model = dict(
    _delete_=True,
    type="BackboneClassifier",
    backbone=dict(type="mmdet.ResNet", depth=18, stem_channels=16, base_channels=16, out_indices=(3,)),
    in_channels=128,
    num_classes=10,
)
custom_hooks = [dict(type="ChannelsLastHook")]
