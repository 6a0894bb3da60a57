"""Checks before work starts: `config` needs no data, `contract` puts data, model and checkpoint side by side."""

from relnas_mm.checks.config import check_before_running, check_pretrained

__all__ = ["check_before_running", "check_pretrained"]
