# ResNet-18, as a well-known baseline; the paper does not use it.
_base_ = "./bisenet_relativenas_2xb8-80k_cityscapes-1024x1024.py"
model = dict(
    backbone=dict(
        backbone=dict(
            _delete_=True,
            type="ResNet",
            depth=18,
            out_indices=(2, 3),
            norm_cfg=dict(type="BN", requires_grad=True),
            init_cfg=dict(type="Pretrained", checkpoint="torchvision://resnet18"),
        ),
        in_channels=(256, 512),
    )
)
