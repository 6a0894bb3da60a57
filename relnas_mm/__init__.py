"""Neural architecture search for convolutional cells, and their transfer to OpenMMLab projects as backbones.

Importing applies `relnas_mm.compat` and installs import hooks that register our classes right after the module of
mmengine or of an mm package that needs them.  The public names below are imported on first use.
"""

import importlib
import warnings
from types import ModuleType
from typing import Any

from relnas_mm import compat
from relnas_mm.compat import failures, hooks
from relnas_mm.version import __version__

_PUBLIC = {
    "architectures": "Architecture Chain Genotype list_chains list_genotypes load_architecture load_chain "
    "load_genotype save_genotype",
    "downstream": "DownstreamEvaluator",
    "evaluators": "Evaluation Evaluator StandAloneEvaluator SupernetEvaluator TabularEvaluator ZeroCostEvaluator",
    "inference": "accelerate",
    "latency": "LatencyTable load_latency_table",
    "models": "CellBackbone ChainBackbone",
    "search": "Budget RunStore SearchRun",
    "spaces": "CellSpace MacroMicroSpace NASBench201Space Space",
    "strategies": "RandomSearch ReNAS RegularizedEvolution SlowFastLearning Strategy slow_fast_update",
}
_MODULES = {name: f"{__name__}.{package}" for package, names in _PUBLIC.items() for name in names.split()}
__all__ = ["__version__", *sorted(_MODULES)]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _register_after(trigger: str, *modules: str) -> None:
    """Imports modules of this package, which register classes, right after a module of mmengine or an mm package."""

    def register(_: ModuleType) -> None:
        for module in modules:
            try:
                importlib.import_module(module)
            except Exception as error:  # an mm package whose insides differ must import without us
                failures.note(f"registration of {module}", error)
                warnings.warn(f"{module} cannot be registered ({error}); see relnas-mm doctor", stacklevel=2)

    hooks.after_import(trigger, register)


compat.apply()
_register_after("mmengine.model", "relnas_mm.models")
_register_after(
    "mmengine.runner",
    "relnas_mm.engine",
    "relnas_mm.datasets.classification",
    "relnas_mm.datasets.faces",
    "relnas_mm.search.mm_loop",
)
_register_after(
    "mmdet.models", "relnas_mm.models.necks", "relnas_mm.models.dense_heads", "relnas_mm.models.task_modules"
)
_register_after("mmdet.datasets", "relnas_mm.datasets.voc.dataset")
_register_after("mmdet.engine", "relnas_mm.engine.hooks.det_sample_visualization")
_register_after("mmseg.models", "relnas_mm.models.bisenet", "relnas_mm.models.losses", "relnas_mm.models.segmentors")
_register_after("mmseg.datasets", "relnas_mm.datasets.segmentation.camvid", "relnas_mm.datasets.segmentation.colors")
_register_after("mmseg.engine", "relnas_mm.engine.hooks.single_values")
_register_after("mmpose.datasets", "relnas_mm.datasets.keypoints.dataset", "relnas_mm.datasets.keypoints.transforms")
