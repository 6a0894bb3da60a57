# MobileNetV2 under the same settings.
_base_ = "./deeplabv3_relativenas-d8_4xb2-80k_cityscapes-512x1024.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        strides=(1, 2, 2, 1, 1, 1, 1),
        dilations=(1, 1, 1, 2, 2, 4, 4),
        out_indices=(4, 6),
        norm_cfg=dict(type="SyncBN", requires_grad=True),
        init_cfg=dict(type="Pretrained", checkpoint="mmcls://mobilenet_v2"),
    ),
    decode_head=dict(in_channels=320),
    auxiliary_head=dict(in_channels=96),
)
