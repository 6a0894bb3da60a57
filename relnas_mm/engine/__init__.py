"""MMEngine hooks and metrics, registered for configs, and its reader of checkpoints."""

from relnas_mm.engine import checkpoint_loader, hooks, metrics

__all__ = ["checkpoint_loader", "hooks", "metrics"]
