# Faster R-CNN with the published RelativeNAS cell: VOC 2007 + 2012 trainval, tested on VOC 2007 test (11 points).
_base_ = [
    "../_base_/models/faster-rcnn_cell_fpn.py",
    "../_base_/datasets/voc0712.py",
    "../_base_/schedules/voc_1x.py",
    "mmdet::_base_/default_runtime.py",
]
model = dict(roi_head=dict(bbox_head=dict(num_classes=20)))
