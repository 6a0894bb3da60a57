# The chain network that the global search found for CIFAR-10; chain="chain.json" takes a searched one.
_base_ = "./deeplabv3plus_relativenas-d8_4xb2-80k_cityscapes-512x1024.py"
model = dict(
    backbone=dict(
        _delete_=True,
        type="ChainBackbone",
        chain="macro_micro_cifar10_t",
        out_indices=("stem", 1, 2),
        output_stride=8,
        norm_cfg=dict(type="SyncBN", requires_grad=True),
    ),
    decode_head=dict(in_channels=184, c1_in_channels=92),
    auxiliary_head=dict(in_channels=92),
)
