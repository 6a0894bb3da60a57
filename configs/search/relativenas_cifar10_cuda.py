# relativenas_cifar10.py, optimized for CUDA; measurements in docs/performance.md.
_base_ = "relativenas_cifar10.py"

train_cfg = dict(evaluator=dict(execution=dict(backend="triton", cuda_graphs=True, parallel_candidates=2)))
