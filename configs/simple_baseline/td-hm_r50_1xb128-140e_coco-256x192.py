# ResNet-50, the backbone of the SimpleBaseline paper; the RelativeNAS paper does not use it.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ResNet",
        depth=50,
        init_cfg=dict(type="Pretrained", checkpoint="torchvision://resnet50"),
    ),
    head=dict(in_channels=2048),
)
