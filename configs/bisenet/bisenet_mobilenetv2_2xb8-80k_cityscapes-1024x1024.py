# MobileNetV2 tapped as in the reference implementation: before the stride of 32, and after the last 1x1 convolution,
# which mmdet's MobileNetV2 includes.
_base_ = "./bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py"
model = dict(
    backbone=dict(
        backbone=dict(
            _delete_=True,
            type="mmdet.MobileNetV2",
            out_indices=(4, 7),
            init_cfg=dict(type="Pretrained", checkpoint="mmcls://mobilenet_v2"),
        ),
        in_channels=(96, 1280),
    )
)
