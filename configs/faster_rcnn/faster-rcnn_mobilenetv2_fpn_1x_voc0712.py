# MobileNetV2, frozen up to stride 4; the last feature map is that of its last 1x1 convolution.
_base_ = "./faster-rcnn_relativenas_fpn_1x_voc0712.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        out_indices=(1, 2, 4, 7),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(type="Pretrained", checkpoint="mmcls://mobilenet_v2"),
    ),
    neck=dict(in_channels=[24, 32, 96, 1280]),
)
