"""The weights of every candidate operation, by the names of the released supernet."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from relnas_mm.cells import batch_norm, build_operation, build_preprocessing, cifar_stem, plan_cells
from relnas_mm.evaluators.slots import count_slots, edge_of_slot
from relnas_mm.genotype import ZOO
from relnas_mm.seeding import stream_seed

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class NetworkShape:
    """The search network around the cells.

    Args:
        init_channels: Channels of the nodes of the first cell.
        num_cells: Depth, at least 3.
        num_classes: Classes of the linear classifier.
        in_channels: Channels of the images.
    """

    init_channels: int = 16
    num_cells: int = 8
    num_classes: int = 10
    in_channels: int = 3


def initial_weights(shape: NetworkShape, seed: int, duplicates: str = "shared") -> Weights:
    """Weights of every candidate operation on every edge of every cell, with PyTorch's default initialization.

    Keys: `stem.*`, `cells.{i}.preprocess0.*`, `cells.{i}.preprocess1.*`, `cells.{i}._ops.{slot}.*`, `classifier.*`;
    the statistics of the normalization layers are among them.

    Args:
        shape: The network.
        seed: Seed of the run.
        duplicates: How double operations are numbered (`slots_of`).
    """
    plans = plan_cells(ZOO["relativenas"], shape.init_channels, shape.num_cells)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, "weights"))
        network = nn.Module()
        network.stem = cifar_stem(plans[0].inputs[0], shape.in_channels)
        network.cells = nn.ModuleList()
        for plan in plans:
            cell = nn.Module()
            cell.preprocess0, cell.preprocess1 = build_preprocessing(plan, batch_norm)
            cell._ops = nn.ModuleList()
            for slot in range(count_slots(duplicates)):
                operation, node = edge_of_slot(slot)
                cell._ops.append(build_operation(operation, plan.channels, plan.sampling_of(node)))
            network.cells.append(cell)
        network.classifier = nn.Linear(plans[-1].out_channels, shape.num_classes)
    return {key: value.detach() for key, value in network.state_dict().items()}
