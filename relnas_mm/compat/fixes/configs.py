"""Fixes of MMEngine's configs."""

import functools
from pathlib import Path
from types import ModuleType
from typing import Any

from relnas_mm.compat import hooks
from relnas_mm.compat.failures import attribute, guarded

PACKAGE = "relnas_mm"


def own_configs() -> None:
    """mmengine lists the packages that `_base_ = 'package::…'` may read: adds this one.

    It looks for packages next to their metadata, where editable installations are not.
    """

    def add(module: ModuleType) -> None:
        attribute(module, "MODULE2PACKAGE").setdefault(PACKAGE, PACKAGE)

    def find(module: ModuleType) -> None:
        find_others = attribute(module, "get_installed_path")
        folder = str(Path(__file__).resolve().parents[2])
        vars(module)["get_installed_path"] = lambda package: folder if package == PACKAGE else find_others(package)

    hooks.after_import("mmengine.config.utils", guarded("own_configs", add))
    for name in ("mmengine.utils.package_utils", "mmengine.config.config"):
        hooks.after_import(name, guarded("own_configs", find))


def own_scope() -> None:
    """mmengine notes the package of a base in its parts as their registry scope: leaves ours out.

    Our parts are in the root registries, and our configs build on those of mmdet, mmseg and mmpose, whose parts a scope
    of ours would hide.
    """

    def patch(module: ModuleType) -> None:
        config = attribute(module, "Config")
        find = attribute(config, "_get_cfg_path")

        def get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
            path, scope = find(cfg_path, filename)
            return path, None if scope == PACKAGE else scope

        config._get_cfg_path = staticmethod(functools.wraps(find)(get_cfg_path))

    hooks.after_import("mmengine.config.config", guarded("own_scope", patch))


def indexes_read_once() -> None:
    """mmengine reads all metafiles of a package, in a second, for each `_base_ = 'package::…'`: caches them."""

    def cache(module: ModuleType) -> None:
        vars(module)["load"] = functools.cache(attribute(module, "load"))

    hooks.after_import("mmengine.config.utils", guarded("indexes_read_once", cache))


def configs_formatted_once() -> None:
    """mmengine formats the config, in up to a third of a second, for each reader and checkpoint: caches it."""

    def cache(module: ModuleType) -> None:
        format_code = attribute(module, "FormatCode")

        @functools.lru_cache(maxsize=4)
        def formatted(text: str, style: tuple[tuple[str, Any], ...], **options: Any) -> Any:
            return format_code(text, style_config=dict(style), **options)

        def cached(text: str, style_config: dict[str, Any], **options: Any) -> Any:
            return formatted(text, tuple(style_config.items()), **options)

        vars(module)["FormatCode"] = cached

    hooks.after_import("mmengine.config.config", guarded("configs_formatted_once", cache))
