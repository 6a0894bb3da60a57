# A small SSD that learns the generated shapes in a few minutes on two CPU cores.
_base_ = [
    "../_base_/models/ssd160_cell.py",
    "../_base_/datasets/shapes_voc.py",
    "../_base_/schedules/adamw_24e.py",
    "mmdet::_base_/default_runtime.py",
]
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
model = dict(bbox_head=dict(num_classes=8))
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(interval=1, max_keep_ckpts=2, save_best="pascal_voc/mAP", rule="greater"),
)
