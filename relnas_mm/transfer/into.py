"""An existing mm config with a cell as its backbone: what differs, and the config that says so."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from relnas_mm.transfer.cell import CellChoice
from relnas_mm.transfer.families import LAYER_DECAY
from relnas_mm.transfer.overrides import overrides
from relnas_mm.transfer.patch import Patched, patch_model
from relnas_mm.transfer.source import Source, imports_of, without_scopes
from relnas_mm.transfer.text import Commented, assigned, comment_lines

IMPORTS = "custom_imports"
OPTIONAL_PACKAGES = ("mmpretrain", "mmcls")
"""Packages whose backbones other configs import; a replaced backbone needs them no more."""


@dataclass(frozen=True)
class Transferred:
    """A patched config.

    Args:
        source: The config that it inherits from.
        cell: Its backbone.
        patched: Its model.
    """

    source: Source
    cell: CellChoice
    patched: Patched

    @property
    def model(self) -> dict[str, Any]:
        """Settings of the new model, without mmengine's marks."""
        return without_scopes(self.patched.model)

    def diff(self) -> str:
        """A unified diff between the old and the new model, as mmengine formats them."""
        old, new = (_pretty(model) for model in (without_scopes(self.source.model), self.model))
        return "".join(difflib.unified_diff(old, new, f"{self.source.name}: model", "new model"))

    def text(self, file: Path) -> str:
        """The config that inherits from the old one.

        Args:
            file: Where it will be, to which a relative `_base_` refers.
        """
        title = f"{self.source.short_name} with {self.cell.source!r} as the backbone, written by `relnas-mm transfer`."
        changed = overrides(without_scopes(self.source.model), self.model, self.patched.notes, ("model",))
        parts = [
            comment_lines(title, 0),
            assigned("_base_", self.source.base_for(file)),
            assigned(IMPORTS, self._imports()),
            assigned("model", changed),
            *(assigned(name, value) for name, value in self._beside_the_model().items()),
        ]
        return "".join(parts)

    def _imports(self) -> dict[str, Any]:
        others = [name for name in imports_of(self.source.config) if name.split(".")[0] not in OPTIONAL_PACKAGES]
        return {"imports": [*(name for name in others if name != "relnas_mm"), "relnas_mm"]}

    def _beside_the_model(self) -> dict[str, Any]:
        """What else depends on the backbone: weights of the whole old model, and learning rates of its layers."""
        config, changed = self.source.config, {}
        if config.get("load_from"):
            changed["load_from"] = Commented(None, "The weights of the old model do not fit.")
        optimizer = config.get("optim_wrapper") or {}
        constructor = optimizer.get("constructor") if isinstance(optimizer, Mapping) else None
        if constructor and LAYER_DECAY in str(constructor):
            changed["optim_wrapper"] = Commented(
                {"constructor": "DefaultOptimWrapperConstructor", "paramwise_cfg": None},
                f"{constructor} knows the layers of the old backbone only.",
            )
        return changed


def transfer_into(source: Source, cell: CellChoice) -> Transferred:
    """Replaces the backbone of a config.

    Args:
        source: The config.
        cell: What becomes the backbone.

    Raises:
        UserError: A part of its model fits only the old backbone, or cannot be understood.
    """
    return Transferred(source, cell, patch_model(source.model, cell, source.scope))


def _pretty(model: dict[str, Any]) -> list[str]:
    return Config(dict(model=model)).pretty_text.splitlines(keepends=True)
