# relativenas_cifar10.py with what makes steps cheaper; docs/performance.md says what was measured.
_base_ = "relativenas_cifar10.py"

train_cfg = dict(
    evaluator=dict(
        training=dict(
            channels_last=True,
            bit_exact=False,
            kernels="triton",
            cuda_graph=True,
            streams=2,
            keep_memory=True,
        ),
    ),
)
