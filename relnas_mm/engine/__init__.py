"""MMEngine hooks and metrics, registered for configs."""

from relnas_mm.engine import hooks, metrics

__all__ = ["hooks", "metrics"]
