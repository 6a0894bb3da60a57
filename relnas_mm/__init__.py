"""Find a good convolutional cell cheaply, then use it as a backbone in any OpenMMLab project.

Importing applies `relnas_mm.compat` and sees to it that everything configs name by type is registered as soon as
mmengine's own modules are; until then nothing heavy is imported.
"""

import importlib
from types import ModuleType

from relnas_mm import compat
from relnas_mm.compat import hooks
from relnas_mm.version import __version__

compat.apply()


def _register_after(name: str, *rooms: str) -> None:
    def register(_: ModuleType) -> None:
        for room in rooms:
            importlib.import_module(room)

    hooks.after_import(name, register)


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

__all__ = ["__version__"]
