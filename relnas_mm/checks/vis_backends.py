"""Visualization backends of MMEngine whose package may be missing."""

import warnings
from importlib.util import find_spec
from typing import Any

from mmengine.config import Config

from relnas_mm.errors import UserError

PACKAGES = {
    "TensorboardVisBackend": "tensorboard",
    "WandbVisBackend": "wandb",
    "MLflowVisBackend": "mlflow",
    "ClearMLVisBackend": "clearml",
    "NeptuneVisBackend": "neptune",
    "DVCLiveVisBackend": "dvclive",
    "AimVisBackend": "aim",
}
"""The module that each backend imports, named like its package."""
BY_DEFAULT = {"TensorboardVisBackend"}
"""Backends that the base configs name, and that nobody may have asked for."""


def check_vis_backends(config: Config) -> None:
    """Checks that the packages of a config's visualization backends are installed.

    Args:
        config: Changed in place: without those of `BY_DEFAULT` whose package is missing, which is a warning.

    Raises:
        UserError: The package of another one is missing.
    """
    visualizer = config.get("visualizer") or {}
    missing = [backend for backend in visualizer.get("vis_backends") or () if _lacks_package(backend)]
    for backend in missing:
        name = _name(backend)
        if name not in BY_DEFAULT:
            raise UserError(
                f"visualizer.vis_backends names {name}, which needs {PACKAGES[name]}; install it by `pip install "
                f"{PACKAGES[name]}`, or remove the backend"
            )
        warnings.warn(f"{name} is left out, as {PACKAGES[name]} is not installed", stacklevel=2)
    if missing:
        visualizer["vis_backends"] = [backend for backend in visualizer["vis_backends"] if backend not in missing]


def _lacks_package(backend: Any) -> bool:
    package = PACKAGES.get(_name(backend))
    return package is not None and find_spec(package) is None


def _name(backend: Any) -> str:
    kind = backend.get("type")
    return kind.rpartition(".")[2] if isinstance(kind, str) else getattr(kind, "__name__", "")
