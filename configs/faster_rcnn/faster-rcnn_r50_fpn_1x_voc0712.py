# mmdet's own ResNet-50, frozen up to stride 4, under the same settings.
_base_ = [
    "mmdet::_base_/models/faster-rcnn_r50_fpn.py",
    "../_base_/datasets/voc0712.py",
    "../_base_/schedules/voc_1x.py",
    "mmdet::_base_/default_runtime.py",
]
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
model = dict(roi_head=dict(bbox_head=dict(num_classes=20)))
