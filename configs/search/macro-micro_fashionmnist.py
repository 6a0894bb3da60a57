# The same on FashionMNIST: 28x28 images are padded to 36 and cropped to 32 for training, unchanged for validation.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/macro_micro.py"]

train_cfg = dict(
    space=dict(in_channels=1, num_classes=10),
    evaluator=dict(
        data=dict(type="fashionmnist", data_root="{{$FASHIONMNIST_ROOT:data/fashionmnist}}", num_classes=10)
    ),
)
