"""MMEngine hooks and metrics that configs name by type."""

from relnas_mm.engine import hooks, metrics

__all__ = ["hooks", "metrics"]
