# DARTS (second order) on ImageNet under the same settings, 48 channels as in the transfer experiments.
_base_ = [
    "../_base_/models/cell_imagenet.py",
    "../_base_/datasets/imagenet_bs128.py",
    "../_base_/schedules/imagenet_250e.py",
    "../_base_/default_runtime.py",
]

model = dict(backbone=dict(genotype="darts_v2", init_channels=48))
