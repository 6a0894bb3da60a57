# The same segmentor on generated scenes: python tools/make_shapes.py data/shapes --layout cityscapes
_base_ = [
    "../_base_/models/deeplabv3plus_cell_mini.py",
    "../_base_/datasets/shapes_cityscapes.py",
    "../_base_/segmentor_runtime.py",
    "../_base_/schedules/adamw_600i.py",
]
# 7/8 of the pixels are background, which would dominate a mean over pixels.
loss = dict(_delete_=True, type="OHEMCrossEntropy")
model = dict(
    data_preprocessor=dict(size=(128, 128)),
    decode_head=dict(num_classes=9, loss_decode=loss),
    auxiliary_head=dict(num_classes=9, loss_decode=dict(loss, loss_weight=0.4)),
)
train_dataloader = dict(dataset=dict(type="CheckedSegDataset"))
val_dataloader = dict(dataset=dict(type="CheckedSegDataset"))
test_dataloader = val_dataloader
custom_hooks = [*_base_.custom_hooks, dict(type="ChannelsLastHook")]
