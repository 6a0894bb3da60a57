"""Ends a training before its first step when pretrained weights do not fit, which MMEngine only logs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn

from relnas_mm.engine.unwrap import unwrapped
from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.files import read_checkpoint
from relnas_mm.models.checkpoints.layout import COUNTER
from relnas_mm.models.pretrained import LoadsPretrained

LEAST_SHARE = 0.5
"""Least share of a module's weights that the file must have."""


@HOOKS.register_module()
class PretrainedFitHook(Hook):
    """Compares each module that starts from a local file, `init_cfg=dict(type='Pretrained')`, with the file.

    MMEngine loads what fits and starts the rest from random weights: the MobileNetV2 of two mm packages, for instance,
    name their layers differently.  Backbones and classifiers of cells check their weights themselves.
    `tools/train.py` adds the hook; `default_hooks.pretrained_fit=None` leaves it out.

    Raises:
        UserError: Less than half of the weights of a module are in its file, with their shape.
    """

    priority = "VERY_HIGH"

    def before_run(self, runner: Runner) -> None:
        """Checks all modules; MMEngine initializes the weights after this."""
        for name, module, init in _pretrained(unwrapped(runner.model)):
            missing, total = _missing(module, init)
            source = f"{init['checkpoint']!r}" + (f" under {init['prefix']!r}" if init.get("prefix") else "")
            if total - len(missing) < LEAST_SHARE * total:
                raise UserError(
                    f"the weights {source} (init_cfg of model.{name}) hold {total - len(missing)} of the {total} that "
                    f"{type(module).__name__} has; {missing[0]} is missing or has another shape"
                )
            if missing:
                runner.logger.warning(
                    f"{len(missing)} of {total} weights of model.{name} are not in {source}, such as {missing[0]}; "
                    "they start from random values"
                )


def _pretrained(model: nn.Module) -> Iterator[tuple[str, nn.Module, dict[str, Any]]]:
    """Yields the modules that start from a local file, with their names and configs."""
    for name, module in model.named_modules():
        init = getattr(module, "init_cfg", None)
        if isinstance(module, LoadsPretrained) or not isinstance(init, dict) or init.get("type") != "Pretrained":
            continue
        if Path(init["checkpoint"]).is_file():
            yield name, module, init


def _missing(module: nn.Module, init: dict[str, Any]) -> tuple[list[str], int]:
    """Names of a module's weights that its file lacks or has in another shape, and the number of its weights."""
    prefix = init.get("prefix") or ""
    found = {
        name.removeprefix(prefix): value.shape
        for name, value in read_checkpoint(init["checkpoint"]).weights.items()
        if name.startswith(prefix)
    }
    own = {name: value.shape for name, value in module.state_dict().items() if not name.endswith(COUNTER)}
    return [name for name, shape in own.items() if found.get(name) != shape], len(own)
