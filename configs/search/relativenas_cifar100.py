# The reference search on CIFAR-100.  data/cifar100 holds cifar-100-python.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/relativenas.py"]

train_cfg = dict(
    evaluator=dict(data=dict(type="cifar100", data_root="{{$CIFAR100_ROOT:data/cifar100}}", num_classes=100))
)
