# Depth, width, operations and kernel sizes for CIFAR-10, from 64 channels down ("T"; the authors' "M" starts at 128).
_base_ = ["../_base_/search/runtime.py", "../_base_/search/macro_micro.py"]

train_cfg = dict(evaluator=dict(data=dict(type="cifar10", data_root="{{$CIFAR10_ROOT:data/cifar10}}", num_classes=10)))
