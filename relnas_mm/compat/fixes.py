"""Fixes of the frozen OpenMMLab releases, applied when the module concerned is imported."""

import functools
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from relnas_mm.compat import hooks

STAND_INS = Path(__file__).parent / "stand_ins"
PACKAGE = "relnas_mm"


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


def own_checkpoints() -> None:
    """`torch.load` refuses mmengine's own checkpoints: allows exactly the types that mmengine writes."""

    def allow(module: ModuleType) -> None:
        from relnas_mm.compat import checkpoints

        checkpoints.allow(module.HistoryBuffer)

    hooks.after_import("mmengine.logging.history_buffer", allow)


def ssd_prediction() -> None:
    """mmdet's SSDHead never sets `loss_cls`, which prediction reads: sets it to None on each new head."""

    def patch(module: ModuleType) -> None:
        init = module.SSDHead.__init__

        @functools.wraps(init)
        def __init__(self, *args, **kwargs):
            init(self, *args, **kwargs)
            if not hasattr(self, "loss_cls"):  # on the instance: a class attribute would hide a subclass's module
                self.loss_cls = None

        module.SSDHead.__init__ = __init__

    hooks.after_import("mmdet.models.dense_heads.ssd_head", patch)


def own_configs() -> None:
    """mmengine lists the packages that `_base_ = 'package::…'` may read: adds this one.

    It looks for packages next to their metadata, where editable installations are not.
    """

    def add(module: ModuleType) -> None:
        module.MODULE2PACKAGE.setdefault(PACKAGE, PACKAGE)

    def find(module: ModuleType) -> None:
        find_others = module.get_installed_path
        folder = str(Path(__file__).resolve().parents[1])
        vars(module)["get_installed_path"] = lambda package: folder if package == PACKAGE else find_others(package)

    hooks.after_import("mmengine.config.utils", add)
    for name in ("mmengine.utils.package_utils", "mmengine.config.config"):
        hooks.after_import(name, find)


def indexes_read_once() -> None:
    """mmengine reads all metafiles of a package, in a second, for each `_base_ = 'package::…'`: caches them."""

    def cache(module: ModuleType) -> None:
        vars(module)["load"] = functools.cache(module.load)

    hooks.after_import("mmengine.config.utils", cache)


def configs_formatted_once() -> None:
    """mmengine formats the config, in up to a third of a second, for each reader and checkpoint: caches it."""

    def cache(module: ModuleType) -> None:
        format_code = module.FormatCode

        @functools.lru_cache(maxsize=4)
        def formatted(text: str, style: tuple[tuple[str, Any], ...], **options: Any) -> Any:
            return format_code(text, style_config=dict(style), **options)

        def cached(text: str, style_config: dict[str, Any], **options: Any) -> Any:
            return formatted(text, tuple(style_config.items()), **options)

        vars(module)["FormatCode"] = cached

    hooks.after_import("mmengine.config.config", cache)


FIXES: tuple[Callable[[], None], ...] = (
    compiled_ops,
    keypoint_evaluation,
    package_metadata,
    own_checkpoints,
    ssd_prediction,
    own_configs,
    indexes_read_once,
    configs_formatted_once,
)
