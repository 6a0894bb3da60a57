# A small SSD that learns 3,000 generated scenes in a few minutes on two CPU cores:
# python tools/make_shapes.py data/shapes --layout voc --splits train=3000 val=100 test=100
_base_ = [
    "../_base_/models/ssd160_cell.py",
    "../_base_/datasets/shapes_voc.py",
    "../_base_/schedules/adamw_4e.py",
    "mmdet::_base_/default_runtime.py",
]
custom_imports = dict(imports=["relnas_mm"], allow_failed_imports=False)
model = dict(bbox_head=dict(num_classes=8))
default_hooks = dict(
    logger=dict(interval=20),
    checkpoint=dict(interval=1, max_keep_ckpts=2, save_best="pascal_voc/mAP", rule="greater"),
    visualization=dict(type="DetSampleVisualizationHook", max_images=8),
)
custom_hooks = [dict(type="ChannelsLastHook"), dict(type="ValidateBeforeTrainHook")]
