# The backbone of the small detectors, segmentors and pose estimators on folders of generated 96x96 images, for CPUs.
_base_ = "./relativenas-c8l5_1xb32-8e_shapes.py"

max_epochs = 5
model = dict(backbone=dict(init_channels=16, num_cells=6))
train_cfg = dict(max_epochs=max_epochs)
# as the small models that start from it
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type="AdamW", lr=2e-3, weight_decay=0.05), clip_grad=dict(max_norm=10)
)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(type="CosineAnnealingLR", by_epoch=True, T_max=max_epochs, eta_min=0, convert_to_iter_based=True),
]
