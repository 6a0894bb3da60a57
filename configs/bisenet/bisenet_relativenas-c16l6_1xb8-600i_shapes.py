# The same segmentor on generated scenes: python tools/make_shapes.py data/shapes --layout cityscapes
_base_ = [
    "../_base_/models/bisenet_cell_mini.py",
    "../_base_/datasets/shapes_cityscapes.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/adamw_600i.py",
]
model = dict(
    data_preprocessor=dict(size=(128, 128)),
    decode_head=dict(num_classes=9),
    auxiliary_head=[dict(head, num_classes=9) for head in _base_.model.auxiliary_head],
)
train_dataloader = dict(dataset=dict(type="CheckedSegDataset"))
val_dataloader = dict(dataset=dict(type="CheckedSegDataset"))
test_dataloader = val_dataloader
custom_hooks = [*_base_.custom_hooks, dict(type="ChannelsLastHook")]
