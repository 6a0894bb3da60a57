# MobileNetV2 of about the same size, under the same settings.
_base_ = "./deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_camvid-mini.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        widen_factor=0.35,
        strides=(1, 2, 2, 2, 1, 1, 1),
        dilations=(1, 1, 1, 1, 1, 2, 2),
        out_indices=(1, 4, 6),
        norm_cfg=dict(type="BN", requires_grad=True),
    ),
    decode_head=dict(in_channels=112, in_index=2, c1_in_channels=8),
    auxiliary_head=dict(in_channels=32, in_index=1),
)
