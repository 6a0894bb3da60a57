# ResNet-18 of a quarter of its width, under the same settings.
_base_ = "./deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_camvid-mini.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ResNet",
        depth=18,
        stem_channels=16,
        base_channels=16,
        strides=(1, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(0, 2, 3),
        norm_cfg=dict(type="BN", requires_grad=True),
    ),
    decode_head=dict(in_channels=128, in_index=2, c1_in_channels=16),
    auxiliary_head=dict(in_channels=64, in_index=1),
)
