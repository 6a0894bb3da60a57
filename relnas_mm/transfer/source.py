"""The mm config that is patched."""

import contextlib
import importlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from relnas_mm.errors import UserError, shortened
from relnas_mm.files import read_text

PACKAGES = ("mmdet", "mmseg", "mmpose")
SCOPE = "_scope_"
"""Key by which mmengine remembers the package of a base config."""


@dataclass(frozen=True)
class Source:
    """A config that another one inherits from.

    Args:
        name: Path, or `package::path`.
        config: What it says.
    """

    name: str
    config: Config

    @property
    def model(self) -> dict[str, Any]:
        """Settings of the model."""
        return self.config.to_dict()["model"]

    @property
    def scope(self) -> str:
        """The mm package whose types it uses."""
        return _scope(self.config, self.name)

    @property
    def short_name(self) -> str:
        """The name without folders of this machine."""
        return self.name if "::" in self.name else Path(self.name).name

    def base_for(self, file: Path) -> str:
        """What `_base_` says in a config that inherits from this one.

        Args:
            file: The inheriting config.
        """
        if "::" in self.name:
            return self.name
        path = os.path.relpath(Path(self.name).resolve(), file.resolve().parent)
        return path if path.startswith("..") else f"./{path}"


def read_source(name: str) -> Source:
    """Reads a config by its path, or by `package::path` as `_base_` names it.

    Args:
        name: The config.

    Raises:
        UserError: It does not exist, cannot be read, has no model, or is of a kind that cannot be inherited from.
    """
    if "::" not in name and not Path(name).is_file():
        raise UserError(f"--into is {name!r}, which does not exist; name a config file, or one such as {EXAMPLE!r}")
    package = name.partition("::")[0]
    if "::" in name and package not in (*PACKAGES, "relnas_mm"):
        raise UserError(f"--into is {name!r}; configs of a package are those of {', '.join(PACKAGES)}")
    if "::" not in name and NEW_STYLE in read_text(name, f"the config {name!r}"):
        raise UserError(
            f"the config {name!r} inherits by read_base(), from which a config with _base_ cannot inherit; name one of "
            "the .mim/configs of its package"
        )
    try:
        config = _inherited(name) if "::" in name else Config.fromfile(name, import_custom_modules=False)
    except Exception as error:  # mmengine raises many types for invalid Python and for missing files
        reason = shortened(" ".join(str(error).split()), 200)
        raise UserError(f"the config {name!r} cannot be read: {type(error).__name__}: {reason}") from None
    if not isinstance(config.get("model"), Mapping):
        raise UserError(f"the config {name!r} has no 'model', so there is no backbone to replace")
    _scope(config, name)
    _import_modules(config)
    return Source(name, config)


NEW_STYLE = "read_base("
EXAMPLE = "mmdet::faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"


def _inherited(name: str) -> Config:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "inherits.py"
        file.write_text(f"_base_ = {name!r}\n")
        return Config.fromfile(file, import_custom_modules=False)


def imports_of(config: Config) -> list[str]:
    """Modules that a config imports."""
    imports = (config.get("custom_imports") or {}).get("imports") or []
    return [imports] if isinstance(imports, str) else list(imports)


def _import_modules(config: Config) -> None:
    """Imports what the config imports, as far as it is installed: the old backbone may be replaced by then."""
    for module in imports_of(config):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def _scope(config: Config, name: str) -> str:
    scope = config.get("default_scope")
    if scope in PACKAGES:
        return scope
    kind = str(config.model.get("type"))
    for package in PACKAGES:
        if kind.startswith(f"{package}."):
            return package
    raise UserError(
        f"the config {name!r} has default_scope {scope!r}; transfer knows {', '.join(PACKAGES)}, in which the model "
        f"{kind} must be"
    )


def without_scopes(settings: Any) -> Any:
    """Settings without the marks that mmengine adds to base configs."""
    if isinstance(settings, Mapping):
        return {key: without_scopes(value) for key, value in settings.items() if key != SCOPE}
    if isinstance(settings, (list, tuple)):
        return type(settings)(without_scopes(value) for value in settings)
    return settings
