"""mmcv's compiled operators in plain torch and torchvision, with the arguments of mmcv 2.1.0's `mmcv._ext`.

As in mmcv, operators write to their output arguments unless documented otherwise.  They run on the CPU and on CUDA.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from relnas_mm.compat.ops import (
    attention,
    boxes,
    carafe,
    deform,
    loss,
    masked_conv,
    psamask,
    roi,
    roi_pool,
    sync_bn,
)
from relnas_mm.errors import UserError

MODULES = (attention, boxes, carafe, deform, loss, masked_conv, psamask, roi, roi_pool, sync_bn)

BACKED: dict[str, Callable[..., Any]] = {name: getattr(module, name) for module in MODULES for name in module.__all__}


def get_compiler_version() -> str:
    """Compiler shown by `mmcv.utils.collect_env`."""
    return "none (relnas_mm.compat on torchvision)"


def get_compiling_cuda_version() -> str:
    """CUDA version shown by `mmcv.utils.collect_env`, the same as of mmcv compiled for the CPU."""
    return "not available"


def unbacked(name: str) -> Callable[..., NoReturn]:
    """An operator without an implementation, which fails when called, as mmcv looks all operators up at import.

    Raises:
        AttributeError: `name` starts with an underscore, so it is no operator.
    """
    if name.startswith("_"):
        raise AttributeError(name)

    def operator(*args: Any, **kwargs: Any) -> NoReturn:
        raise UserError(
            f"mmcv's operator '{name}' exists only in a compiled mmcv: build mmcv 2.1.0 for this torch in place of "
            "mmcv-lite (docs/install.md, 'A compiled mmcv') to use the model or transform that called it."
        )

    operator.__name__ = name
    return operator


def fill(module: ModuleType) -> None:
    """Fills `module` as a stand-in for `mmcv._ext`."""
    module.__dict__.update(
        BACKED,
        get_compiler_version=get_compiler_version,
        get_compiling_cuda_version=get_compiling_cuda_version,
        __getattr__=unbacked,
    )
