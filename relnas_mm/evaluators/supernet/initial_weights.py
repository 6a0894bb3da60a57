"""Initial weights of the supernet, with the names of the reference implementation."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from relnas_mm.architectures import GENOTYPES
from relnas_mm.evaluators.supernet.op_ids import edge_of_op_id, num_op_ids
from relnas_mm.evaluators.supernet.sizes import shared_names
from relnas_mm.networks import CellPlan, NetworkShape, build_operation, cifar_stem, plan_cells
from relnas_mm.networks.cell import build_preprocessing_of
from relnas_mm.seeding import seeded, stream_seed

Weights = dict[str, Tensor]
Part = tuple[str, Callable[[], nn.Module]]


def initial_weights(shape: NetworkShape, seed: int, duplicates: str = "shared") -> Weights:
    """Initializes all candidate operations on all edges of all cells by PyTorch's defaults.

    Keys: `stem.*`, `cells.{i}.preprocess0.*`, `cells.{i}.preprocess1.*`, `cells.{i}._ops.{op_id}.*`, `classifier.*`;
    running statistics of normalizations are included.

    Args:
        shape: Size of the network.
        seed: Seed of the run.
        duplicates: As for `op_ids_for`.
    """
    weights: Weights = {}
    with seeded(stream_seed(seed, "weights")):
        for name, build in _parts(shape, supernet_plans(shape), duplicates):
            weights |= _state(name, build())
    return weights


def initial_weights_of_size(shape: NetworkShape, seed: int, duplicates: str, known: Weights) -> tuple[Weights, dict]:
    """As `initial_weights`, for a search over sizes.

    Each part draws from a stream of its shared name, so that what a size starts from does not depend on which sizes
    came before.

    Args:
        shape: Size of the network.
        seed: Seed of the run.
        duplicates: As for `op_ids_for`.
        known: Shared weights that exist already, and are not drawn again.

    Returns:
        The weights that are not known, by their shared names; the shared names by those in a network of this size.
    """
    plans = supernet_plans(shape)
    weights: Weights = {}
    names: dict[str, str] = {}
    for name, build in _parts(shape, plans, duplicates):
        (shared,) = shared_names([name], plans).values()
        with torch.device("meta"):
            keys = list(_state(name, build()))
        names |= {key: f"{shared}{key.removeprefix(name)}" for key in keys}
        if any(names[key] not in known for key in keys):
            with seeded(stream_seed(seed, f"weights of {shared}")):
                weights |= {names[key]: value for key, value in _state(name, build()).items()}
    return weights, names


def supernet_plans(shape: NetworkShape) -> tuple[CellPlan, ...]:
    """Plans of the supernet's cells, whose outputs concatenate all nodes."""
    return plan_cells(GENOTYPES["relativenas"], shape.init_channels, shape.num_cells, reductions=shape.reductions)


def _parts(shape: NetworkShape, plans: tuple[CellPlan, ...], duplicates: str) -> Iterator[Part]:
    """Builders of the supernet's parts by name, in the order of the reference implementation."""
    yield "stem", partial(cifar_stem, plans[0].inputs[0], shape.in_channels)
    for plan in plans:
        for node in (0, 1):
            yield f"cells.{plan.index}.preprocess{node}", partial(build_preprocessing_of, node, plan)
        for op_id in range(num_op_ids(duplicates)):
            operation, node = edge_of_op_id(op_id)
            build = partial(build_operation, operation, plan.channels, plan.sampling_of(node))
            yield f"cells.{plan.index}._ops.{op_id}", build
    yield "classifier", partial(nn.Linear, plans[-1].out_channels, shape.num_classes)


def _state(name: str, module: nn.Module) -> Weights:
    return {f"{name}.{key}": value.detach() for key, value in module.state_dict().items()}
