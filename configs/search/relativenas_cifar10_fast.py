# relativenas_cifar10.py, optimized for CPUs; measurements in docs/performance.md.
_base_ = "relativenas_cifar10.py"

train_cfg = dict(evaluator=dict(execution=dict(backend="auto", channels_last=True, parallel_candidates=2)))
