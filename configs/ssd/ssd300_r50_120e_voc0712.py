# ResNet-50, as a well-known baseline; fully trained, like the other backbones here.
_base_ = "./ssd300_relativenas_120e_voc0712.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ResNet",
        depth=50,
        out_indices=(1, 2, 3),
        norm_eval=False,
        init_cfg=dict(type="Pretrained", checkpoint="torchvision://resnet50"),
    ),
    neck=dict(in_channels=(512, 1024, 2048), out_channels=(512, 1024, 2048, 512, 256, 256)),
    bbox_head=dict(in_channels=(512, 1024, 2048, 512, 256, 256)),
)
