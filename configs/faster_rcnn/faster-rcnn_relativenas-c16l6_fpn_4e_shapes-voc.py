# A small Faster R-CNN that learns 3,000 generated scenes from random weights on a CPU:
# python tools/make_shapes.py data/shapes --layout voc --splits train=3000 val=100 test=100
_base_ = [
    "../_base_/models/faster-rcnn_cell_fpn.py",
    "../_base_/datasets/shapes_voc.py",
    "../_base_/schedules/adamw_4e.py",
    "mmdet::_base_/default_runtime.py",
]
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
channels = 64
model = dict(
    backbone=dict(init_channels=16, num_cells=6, frozen_stages=-1, norm_eval=False, init_cfg=None),
    neck=dict(in_channels=[16, 64, 128, 256], out_channels=channels),
    # anchors of 16 to 256 pixels for images of 160
    rpn_head=dict(in_channels=channels, feat_channels=channels, anchor_generator=dict(scales=[4])),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=channels),
        bbox_head=dict(in_channels=channels, fc_out_channels=256, num_classes=8),
    ),
    # images have few objects, so fewer than 1,000 proposals
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=400, max_per_img=200),
        rcnn=dict(sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=400, max_per_img=100)),
)
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(interval=1, max_keep_ckpts=2, save_best="pascal_voc/mAP", rule="greater"),
    visualization=dict(type="DetSampleVisualizationHook", max_images=8),
)
custom_hooks = [dict(type="ChannelsLastHook"), dict(type="NumClassCheckHook")]
