# A small RetinaNet that learns 3,000 generated scenes from random weights on a CPU:
# python tools/make_shapes.py data/shapes --layout voc --splits train=3000 val=100 test=100
_base_ = [
    "../_base_/models/retinanet_cell_fpn.py",
    "../_base_/datasets/shapes_voc.py",
    "../_base_/schedules/adamw_4e.py",
    "mmdet::_base_/default_runtime.py",
]
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
channels = 64
model = dict(
    backbone=dict(init_channels=16, num_cells=6, frozen_stages=-1, norm_eval=False, init_cfg=None),
    # anchors of 16 to 203 pixels for images of 160: four levels
    neck=dict(in_channels=[16, 64, 128, 256], out_channels=channels, num_outs=4),
    bbox_head=dict(
        num_classes=8,
        in_channels=channels,
        feat_channels=channels,
        stacked_convs=2,
        anchor_generator=dict(octave_base_scale=2, strides=[8, 16, 32, 64]),
    ),
)
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(interval=1, max_keep_ckpts=2, save_best="pascal_voc/mAP", rule="greater"),
    visualization=dict(type="DetSampleVisualizationHook", max_images=8),
)
custom_hooks = [dict(type="ChannelsLastHook"), dict(type="NumClassCheckHook")]
