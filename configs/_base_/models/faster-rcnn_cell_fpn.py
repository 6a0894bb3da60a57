# Faster R-CNN with FPN on a cell backbone trained on ImageNet: feature maps of the stem (stride 4) and the stages (8,
# 16, 32).
_base_ = "mmdet::_base_/models/faster-rcnn_r50_fpn.py"
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)

model = dict(
    backbone=dict(
        _delete_=True,
        type="CellBackbone",
        genotype="relativenas",
        init_channels=46,
        num_cells=14,
        stem="imagenet",
        out_indices=("stem", 0, 1, 2),
        # two images per GPU are too few for batch statistics: those of ImageNet are frozen, as in mmdet's ResNet
        # configs
        frozen_stages=0,
        norm_eval=True,
        init_cfg=dict(type="Pretrained", checkpoint="checkpoints/relativenas_imagenet.pth"),
    ),
    neck=dict(in_channels=[46, 184, 368, 736]),
)
