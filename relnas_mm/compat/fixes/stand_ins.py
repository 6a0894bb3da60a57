"""Modules that are missing or do not load, replaced."""

import functools
import warnings
from pathlib import Path
from types import ModuleType

from relnas_mm.compat import hooks

STAND_INS = Path(__file__).parents[1] / "stand_ins"


def compiled_ops() -> None:
    """mmcv-lite has no `mmcv._ext`, which mmdet and mmseg need: serves one on torchvision."""

    def fill(module: ModuleType) -> None:
        from relnas_mm.compat import ops

        ops.fill(module)

    hooks.serve("mmcv._ext", fill)


def keypoint_evaluation() -> None:
    """The wheel of xtcocotools is built for NumPy 1: serves its classes on pycocotools, if it does not load."""

    def filler(*names: str) -> hooks.Filler:
        def fill(module: ModuleType) -> None:
            from relnas_mm.compat.stand_ins import xtcocotools

            for name in names:
                setattr(module, name, getattr(xtcocotools, name))

        return fill

    def masks(module: ModuleType) -> None:
        from pycocotools import mask  # pyright: ignore[reportMissingModuleSource]

        public = {name: value for name, value in vars(mask).items() if not name.startswith("__")}
        module.__dict__.update(public)

    works = functools.partial(hooks.compiled_part_loads, "xtcocotools", "_mask")
    hooks.serve_unless("xtcocotools", filler(), works)
    hooks.serve("xtcocotools.coco", filler("COCO"))
    hooks.serve("xtcocotools.cocoeval", filler("COCOeval", "Params"))
    hooks.serve("xtcocotools.mask", masks)


def package_metadata() -> None:
    """setuptools 82 dropped `pkg_resources`, which mmengine 0.10 imports: serves the names it uses.

    Also ignores the deprecation warnings of setuptools 81, which users cannot act on.
    """
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated as an API")
    hooks.serve("pkg_resources", STAND_INS / "pkg_resources.py")
