# A small pose estimator that learns generated stick figures in minutes on one CPU core:
# python tools/make_shapes.py data/shapes --layout coco_keypoints --splits train=1600 val=200
_base_ = [
    "../_base_/models/simple_baseline_cell.py",
    "../_base_/datasets/shapes_coco_keypoints.py",
    "../_base_/schedules/pose_adamw_12e.py",
]
model = dict(
    backbone=dict(init_channels=16, num_cells=6),
    head=dict(in_channels=256, deconv_out_channels=(64, 64, 64), decoder=_base_.codec),
)
train_dataloader = dict(dataset=dict(type="CheckedCocoKeypointDataset"))
val_dataloader = dict(dataset=dict(type="CheckedCocoKeypointDataset"))
test_dataloader = val_dataloader
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(interval=3, max_keep_ckpts=2, save_best="coco/AP", rule="greater")
)
custom_hooks = [*_base_.custom_hooks, dict(type="ChannelsLastHook"), dict(type="ValidateBeforeTrainHook")]
