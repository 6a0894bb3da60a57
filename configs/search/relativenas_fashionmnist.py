# The reference search on FashionMNIST (one channel, 28x28).  data/fashionmnist holds the four IDX files.
_base_ = ["../_base_/search/runtime.py", "../_base_/search/relativenas.py"]

train_cfg = dict(
    evaluator=dict(
        data=dict(
            type="idx",
            data_root="{{$FASHIONMNIST_ROOT:data/fashionmnist}}",
            num_classes=10,
            mean=(0.2860,),
            std=(0.3530,),
        ),
        augmentation=dict(padding=2, cutout=8),
    )
)
