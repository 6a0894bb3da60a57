# The backbone of the small detectors, segmentors and pose estimators on folders of generated 96x96 images, for CPUs.
_base_ = "./relativenas-c8l5_1xb32-8e_shapes.py"

max_epochs = 5
model = dict(backbone=dict(init_channels=16, num_cells=6))
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [
    dict(type="LinearLR", by_epoch=True, begin=0, end=1, start_factor=0.5, end_factor=1.0),
    dict(type="LinearLR", by_epoch=True, begin=1, end=max_epochs, start_factor=1.0, end_factor=0.05),
]
