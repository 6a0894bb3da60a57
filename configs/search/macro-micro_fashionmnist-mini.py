# macro-micro_cifar10-mini.py on the first 2,000 images of FashionMNIST.
_base_ = "macro-micro_cifar10-mini.py"

train_cfg = dict(
    space=dict(in_channels=1),
    evaluator=dict(data=dict(type="fashionmnist", data_root="{{$FASHIONMNIST_ROOT:data/fashionmnist}}")),
)
