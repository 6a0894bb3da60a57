"""Functions that train faster on CPUs than PyTorch's layers; `docs/performance.md` measures each."""
