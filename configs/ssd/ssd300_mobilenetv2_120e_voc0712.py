# MobileNetV2 tapped before its strides of 16 and 32, and after its last 1x1 convolution.
_base_ = "./ssd300_relativenas_120e_voc0712.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        out_indices=(2, 4, 7),
        init_cfg=dict(type="Pretrained", checkpoint="mmcls://mobilenet_v2"),
    ),
    neck=dict(in_channels=(32, 96, 1280), out_channels=(32, 96, 1280, 512, 256, 256)),
    bbox_head=dict(in_channels=(32, 96, 1280, 512, 256, 256)),
)
