# The chain network that the global search found for CIFAR-10; chain="chain.json" takes a searched one.
_base_ = "./ssd300_relativenas_120e_voc0712.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ChainBackbone",
        chain="macro_micro_cifar10_t",
        stem="imagenet",
        out_indices=(0, 1, 2),
    ),
    neck=dict(in_channels=(46, 92, 184), out_channels=(46, 92, 184, 512, 256, 256)),
    bbox_head=dict(in_channels=(46, 92, 184, 512, 256, 256)),
)
