# A small SSD for 160x160 images: cell stages at strides 8, 16, 32 and one more convolutional level at 64.
_base_ = "mmdet::_base_/models/ssd300.py"
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)

input_size = 160
model = dict(
    data_preprocessor=dict(std=[58.395, 57.12, 57.375]),
    backbone=dict(
        _delete_=True,
        type="CellBackbone",
        genotype="relativenas",
        init_channels=16,
        num_cells=6,
        stem="imagenet",
        out_indices=(0, 1, 2),
    ),
    neck=dict(
        in_channels=(64, 128, 256),
        out_channels=(64, 128, 256, 128),
        level_strides=(2,),
        level_paddings=(1,),
        l2_norm_scale=None,
    ),
    bbox_head=dict(
        # Cell outputs are sums without a last normalization: small first weights keep the first losses small.
        init_cfg=dict(type="Normal", layer="Conv2d", std=0.001, bias=0),
        in_channels=(64, 128, 256, 128),
        anchor_generator=dict(
            _delete_=True,
            type="SSDAnchorGenerator",
            scale_major=False,
            input_size=input_size,
            strides=[8, 16, 32, 64],
            min_sizes=[16, 32, 64, 104],
            max_sizes=[32, 64, 104, 144],
            ratios=[[2], [2], [2], [2]],
        ),
    ),
)
