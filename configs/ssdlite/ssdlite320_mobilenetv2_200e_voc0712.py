# MobileNetV2 tapped as in the reference implementation: before the stride of 32, and after the last 1x1 convolution.
_base_ = "./ssdlite320_relativenas_200e_voc0712.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        out_indices=(4, 7),
        init_cfg=dict(type="Pretrained", checkpoint="mmcls://mobilenet_v2"),
    ),
    neck=dict(in_channels=(96, 1280)),
    bbox_head=dict(in_channels=(96, 1280, 512, 256, 256, 64)),
)
