"""Fixes of mmdet's models."""

import functools
from types import ModuleType

from relnas_mm.compat import hooks
from relnas_mm.compat.failures import attribute, guarded


def ssd_prediction() -> None:
    """mmdet's SSDHead never sets `loss_cls`, which prediction reads: sets it to None on each new head."""

    def patch(module: ModuleType) -> None:
        head = attribute(module, "SSDHead")
        init = head.__init__

        @functools.wraps(init)
        def __init__(self, *args, **kwargs):
            init(self, *args, **kwargs)
            if not hasattr(self, "loss_cls"):  # on the instance: a class attribute would hide a subclass's module
                self.loss_cls = None

        head.__init__ = __init__

    hooks.after_import("mmdet.models.dense_heads.ssd_head", guarded("ssd_prediction", patch))
