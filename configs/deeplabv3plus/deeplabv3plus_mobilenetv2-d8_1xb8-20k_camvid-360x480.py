# MobileNetV2 on CamVid, under the same settings.
_base_ = "./deeplabv3plus_relativenas-d8_1xb8-20k_camvid-360x480.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        strides=(1, 2, 2, 1, 1, 1, 1),
        dilations=(1, 1, 1, 2, 2, 4, 4),
        out_indices=(1, 4, 6),
        norm_cfg=dict(type="SyncBN", requires_grad=True),
        init_cfg=dict(type="Pretrained", checkpoint="mmcls://mobilenet_v2"),
    ),
    decode_head=dict(in_channels=320, in_index=2, c1_in_channels=24),
    auxiliary_head=dict(in_channels=96, in_index=1),
)
