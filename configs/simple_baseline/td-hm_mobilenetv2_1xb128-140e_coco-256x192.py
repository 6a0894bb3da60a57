# MobileNetV2 with its last 1x1 convolution, as in the reference implementation.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="MobileNetV2",
        out_indices=(7,),
        init_cfg=dict(type="Pretrained", checkpoint="mmcls://mobilenet_v2"),
    ),
    head=dict(in_channels=1280),
)
