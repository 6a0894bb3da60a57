# SSD300 on the three stages of a cell backbone: the same six grids (38, 19, 10, 5, 3, 1) and anchors as with VGG-16.
_base_ = "mmdet::_base_/models/ssd300.py"
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)

model = dict(
    data_preprocessor=dict(std=[58.395, 57.12, 57.375]),
    backbone=dict(
        _delete_=True,
        type="CellBackbone",
        genotype="relativenas",
        init_channels=46,
        num_cells=14,
        stem="imagenet",
        out_indices=(0, 1, 2),
    ),
    neck=dict(
        in_channels=(184, 368, 736),
        out_channels=(184, 368, 736, 512, 256, 256),
        level_strides=(2, 2, 1),
        level_paddings=(1, 1, 0),
        l2_norm_scale=None,
    ),
    bbox_head=dict(
        # Cell outputs are not normalized: a small initialization keeps the initial losses small.
        init_cfg=dict(type="Normal", layer="Conv2d", std=0.001, bias=0),
        in_channels=(184, 368, 736, 512, 256, 256),
    ),
)
