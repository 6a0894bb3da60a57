# relativenas_cifar10_fast.py on CIFAR-100.  data/cifar100 holds cifar-100-python.
_base_ = "relativenas_cifar10_fast.py"

train_cfg = dict(
    evaluator=dict(data=dict(type="cifar100", data_root="{{$CIFAR100_ROOT:data/cifar100}}", num_classes=100))
)
