# A small SSDLite that learns generated scenes on a CPU: python tools/make_shapes.py data/shapes --layout voc
_base_ = [
    "../_base_/models/ssdlite320_cell.py",
    "../_base_/datasets/shapes_voc.py",
    "../_base_/schedules/adamw_4e.py",
    "mmdet::_base_/default_runtime.py",
]
model = dict(
    backbone=dict(init_channels=16, num_cells=6),
    neck=dict(in_channels=(128, 256)),
    bbox_head=dict(
        num_classes=8,
        in_channels=(128, 256, 512, 256, 256, 64),
        # half the sides of the 320-pixel model on 10x10, 5x5, 3x3, 2x2 and twice 1x1 positions
        anchor_generator=dict(
            input_size=160,
            strides=[16, 32, 54, 80, 160, 160],
            min_sizes=[30, 52, 75, 97, 120, 142],
            max_sizes=[52, 75, 97, 120, 142, 165],
        ),
    ),
)
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(interval=1, max_keep_ckpts=2, save_best="pascal_voc/mAP", rule="greater"),
    visualization=dict(type="DetSampleVisualizationHook", max_images=8),
)
custom_hooks = [dict(type="ChannelsLastHook"), dict(type="ValidateBeforeTrainHook")]
