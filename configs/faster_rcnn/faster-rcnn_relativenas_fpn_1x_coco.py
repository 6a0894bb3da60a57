# Faster R-CNN with the published RelativeNAS cell on COCO 2017, under mmdet's schedule.
_base_ = [
    "../_base_/models/faster-rcnn_cell_fpn.py",
    "../_base_/datasets/coco_detection.py",
    "mmdet::_base_/schedules/schedule_1x.py",
    "mmdet::_base_/default_runtime.py",
]
optim_wrapper = dict(clip_grad=dict(max_norm=35))
