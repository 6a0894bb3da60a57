# relativenas_cifar10.py with what makes steps cheaper on CUDA; docs/performance.md says what was measured.
_base_ = "relativenas_cifar10.py"

train_cfg = dict(evaluator=dict(execution=dict(backend="triton", cuda_graphs=True, parallel_candidates=2)))
