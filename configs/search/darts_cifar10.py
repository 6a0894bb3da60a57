# Second-order DARTS on CIFAR-10, on one GPU; data/cifar10 holds cifar-10-batches-py.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/darts.py"]

train_cfg = dict(data=dict(num_classes=10))
