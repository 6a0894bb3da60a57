# The RelativeNAS paper's pose estimator: the published cell, COCO 2017, 256x192, tested with ground-truth boxes.
_base_ = [
    "../_base_/models/simple_baseline_cell.py",
    "../_base_/datasets/coco_keypoints_256x192.py",
    "../_base_/schedules/pose_140e.py",
]
model = dict(head=dict(decoder=_base_.codec))
env_cfg = dict(cudnn_benchmark=True)
