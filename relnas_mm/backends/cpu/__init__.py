"""Functions that are faster than PyTorch's layers in training on CPUs; `docs/performance.md` has what each brings."""
