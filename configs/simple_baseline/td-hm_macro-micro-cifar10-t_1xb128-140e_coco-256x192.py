# The chain network that the global search found for CIFAR-10; chain="chain.json" takes a searched one.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ChainBackbone",
        chain="macro_micro_cifar10_t",
        stem="imagenet",
        out_indices=(2,),
    ),
    head=dict(in_channels=184),
)
