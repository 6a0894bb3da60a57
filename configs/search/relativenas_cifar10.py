# The reference search, on one GPU; data/cifar10 holds cifar-10-batches-py.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/relativenas.py"]

train_cfg = dict(evaluator=dict(data=dict(type="cifar10", data_root="{{$CIFAR10_ROOT:data/cifar10}}", num_classes=10)))
