# RelativeNAS on ImageNet, as in the reference implementation: 46 channels, 14 cells, 250 epochs on eight GPUs.
_base_ = [
    "../_base_/models/cell_imagenet.py",
    "../_base_/datasets/imagenet_bs128.py",
    "../_base_/schedules/imagenet_250e.py",
    "../_base_/default_runtime.py",
]
