"""Names and first values that the weights of a model have in the set that all candidates share."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.evaluators.supernet.op_ids import separate_op_ids, shared_name
from relnas_mm.models import CellBackbone
from relnas_mm.networks import Cell
from relnas_mm.seeding import seeded, stream_seed

BACKBONE = "backbone."
"""Prefix of the backbone's weights, which all tasks share."""


def cell_backbone(model: nn.Module, source: str) -> tuple[str, CellBackbone]:
    """The only `CellBackbone` of a model, after its name with a dot.

    Args:
        model: A model of an mm package.
        source: Its config, for the error message.

    Raises:
        UserError: The model has none, or several.
    """
    found = [(f"{name}.", module) for name, module in model.named_modules() if isinstance(module, CellBackbone)]
    if len(found) != 1:
        raise UserError(f"the model of {source!r} has {len(found)} backbones of type CellBackbone; it must have one")
    return found[0]


def shared_names(model: nn.Module, source: str, task: str) -> dict[str, str]:
    """Shared names by the keys of the model's state dict.

    Operations are numbered by edge and kind, so that candidates that apply the same operation to the same input share
    its weights; the second of two equal operations of a node has weights of its own, as in the final network.  Weights
    outside of the backbone belong to the task.

    Args:
        model: A model with a `CellBackbone`.
        source: Its config, for error messages.
        task: Name of the task.
    """
    prefix, backbone = cell_backbone(model, source)
    ids = _op_ids(backbone)
    return {
        name: BACKBONE + shared_name(name.removeprefix(prefix), backbone, ids)
        if name.startswith(prefix)
        else f"{task}/{name}"
        for name in model.state_dict()
    }


def initialize_operations(backbone: CellBackbone, known: Mapping[str, Tensor], seed: int) -> None:
    """Draws the weights of operations that no candidate has used, by PyTorch's defaults, from streams of their names.

    What an operation starts from therefore depends neither on the order of candidates nor on the process.

    Args:
        backbone: Backbone of a candidate.
        known: The shared weights; their operations are left as they are.
        seed: Seed of the run.
    """
    for name, operation in _operations(backbone):
        keys = [f"{name}.{key}" for key in operation.state_dict()]
        if not keys or keys[0] in known:
            continue
        with seeded(stream_seed(seed, f"weights of {name}")):
            for module in operation.modules():
                if callable(reset := getattr(module, "reset_parameters", None)):
                    reset()


def _operations(backbone: CellBackbone) -> Iterator[tuple[str, nn.Module]]:
    ids = _op_ids(backbone)
    for index, (plan, cell) in enumerate(zip(backbone.plans, cast("Iterable[Cell]", backbone.cells))):
        for position, operation in cell._ops.items():
            yield f"{BACKBONE}cells.{index}._ops.{ids[plan.reduction][int(position)]}", operation


def _op_ids(backbone: CellBackbone) -> dict[bool, list[int]]:
    """Ids of the operations of both cells."""
    cells = cast("Iterable[Cell]", backbone.cells)
    try:
        return {plan.reduction: separate_op_ids(cell.edges) for plan, cell in zip(backbone.plans, cells)}
    except (ValueError, IndexError):
        raise UserError(
            "the genotype of the config has other operations or nodes than the search space of RelativeNAS; name one "
            "of that space, such as 'relativenas'"
        ) from None
