"""Refuses to test a model with a checkpoint of another model, or to resume its training from one."""

from collections.abc import Mapping
from typing import Any, cast

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.registry import HOOKS
from mmengine.runner import BaseLoop, Runner
from torch import Tensor, nn

from relnas_mm.engine.resume import different_optimizer
from relnas_mm.engine.unwrap import unwrapped
from relnas_mm.errors import UserError

TRAINING_ONLY = "auxiliary_head"
"""Name of the training-only part of segmentors and classifiers."""


@HOOKS.register_module()
class CheckpointFitHook(Hook):
    """Ends a test or a resumed training whose checkpoint does not match the model, where MMEngine would only warn.

    Training that starts from `load_from` continues, as partial checkpoints are a use of it, and MMEngine lists
    mismatched weights.

    Raises:
        UserError: A weight has another shape, or a whole part of the model (neck, head, …) has no weights in the file;
            for a resumed training, also if names or the optimizer differ.
    """

    priority = "VERY_LOW"  # after hooks that select weights, such as mmengine's EMAHook

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Compares the loaded weights with those of the model."""
        tests = isinstance(runner._test_loop, BaseLoop)  # else it is not built yet
        if not tests and not runner._resume:
            return
        model = unwrapped(runner.model)
        weights = checkpoint.get("state_dict", checkpoint)
        weights = {name.removeprefix("module."): value for name, value in weights.items()}
        reason = misfit(model, weights)
        if not tests:
            found, optimizer = checkpoint.get("optimizer") or {}, cast(OptimWrapper, runner.optim_wrapper)
            reason = reason or different_names(model, weights)
            if reason := reason or different_optimizer(found, optimizer.state_dict()):
                raise UserError(f"the checkpoint to resume from does not fit the config: {reason}")
        elif reason:
            loop: Any = runner.test_loop
            trained = _classes((checkpoint.get("meta") or {}).get("dataset_meta"))
            tested = _classes(getattr(loop.dataloader.dataset, "metainfo", None))
            if trained and tested and len(trained) != len(tested):
                reason = f"it was trained for {_listed(trained)}, the test data have {_listed(tested)}; {reason}"
            raise UserError(f"the checkpoint {runner._load_from!r} does not fit the config: {reason}")


def misfit(model: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """Explains why weights do not match a model, or returns ''.

    Individual missing or unexpected names are no mismatch, as mm packages rename some during loading.

    Args:
        model: The model.
        weights: Tensors by name.
    """
    state = model.state_dict()
    for name, value in state.items():
        if name in weights and weights[name].shape != value.shape:
            return f"{name} is {tuple(weights[name].shape)} in the checkpoint and {tuple(value.shape)} in the model"
    parts = dict.fromkeys(name.split(".")[0] for name in state)
    found = {name.split(".")[0] for name in weights}
    missing = [part for part in parts if part not in found and part != TRAINING_ONLY]
    return f"it holds no weights of {', '.join(missing)}" if missing else ""


def different_names(model: nn.Module, weights: Mapping[str, Tensor]) -> str:
    """Names weights that only the model or only the checkpoint has, or returns ''."""
    state = model.state_dict()
    missing = [name for name in state if name not in weights]
    unexpected = [name for name in weights if name not in state]
    clauses = [
        f"it {verb} {names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}"
        for verb, names in (("lacks", missing), ("holds the unknown", unexpected))
        if names
    ]
    return ", ".join(clauses)


def _classes(meta: Any) -> tuple[str, ...]:
    return tuple(meta.get("classes") or ()) if isinstance(meta, Mapping) else ()


def _listed(classes: tuple[str, ...]) -> str:
    return f"{len(classes)} classes ({', '.join(classes[:3])}{', …' if len(classes) > 3 else ''})"
