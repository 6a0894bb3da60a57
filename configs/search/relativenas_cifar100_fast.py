# relativenas_cifar100.py with what makes steps cheaper and keeps the order of candidates (docs/performance.md).
_base_ = "relativenas_cifar100.py"

train_cfg = dict(
    evaluator=dict(
        training=dict(channels_last=True, bit_exact=False, kernels="triton", cuda_graph=True, streams=2),
    ),
)
