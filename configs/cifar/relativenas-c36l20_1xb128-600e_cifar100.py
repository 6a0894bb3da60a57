# RelativeNAS on CIFAR-100, as in the reference implementation: 36 channels, 20 cells, 600 epochs.
_base_ = [
    "../_base_/models/cell_cifar.py",
    "../_base_/datasets/cifar100_bs128.py",
    "../_base_/schedules/cifar_600e.py",
    "../_base_/default_runtime.py",
]

model = dict(num_classes=100)
