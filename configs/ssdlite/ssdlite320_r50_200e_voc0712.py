# ResNet-50, as a well-known baseline; the paper does not use it.
_base_ = "./ssdlite320_relativenas_200e_voc0712.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ResNet",
        depth=50,
        num_stages=4,
        out_indices=(2, 3),
        frozen_stages=-1,
        norm_cfg=dict(type="BN", requires_grad=True),
        norm_eval=False,
        style="pytorch",
        init_cfg=dict(type="Pretrained", checkpoint="torchvision://resnet50"),
    ),
    neck=dict(in_channels=(1024, 2048)),
    bbox_head=dict(in_channels=(1024, 2048, 512, 256, 256, 64)),
)
