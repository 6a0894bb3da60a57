"""Initial weights of the supernet, with the names of the reference implementation."""

import torch
from torch import Tensor, nn

from relnas_mm.architectures import GENOTYPES
from relnas_mm.evaluators.supernet.op_ids import edge_of_op_id, num_op_ids
from relnas_mm.networks import NetworkShape, batch_norm, build_operation, build_preprocessing, cifar_stem, plan_cells
from relnas_mm.seeding import stream_seed

Weights = dict[str, Tensor]


def initial_weights(shape: NetworkShape, seed: int, duplicates: str = "shared") -> Weights:
    """Initializes all candidate operations on all edges of all cells by PyTorch's defaults.

    Keys: `stem.*`, `cells.{i}.preprocess0.*`, `cells.{i}.preprocess1.*`, `cells.{i}._ops.{op_id}.*`, `classifier.*`;
    running statistics of normalizations are included.

    Args:
        shape: Size of the network.
        seed: Seed of the run.
        duplicates: As for `op_ids_for`.
    """
    plans = plan_cells(GENOTYPES["relativenas"], shape.init_channels, shape.num_cells)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, "weights"))
        network = nn.Module()
        network.stem = cifar_stem(plans[0].inputs[0], shape.in_channels)
        network.cells = nn.ModuleList()
        for plan in plans:
            cell = nn.Module()
            cell.preprocess0, cell.preprocess1 = build_preprocessing(plan, batch_norm)
            cell._ops = nn.ModuleList()
            for op_id in range(num_op_ids(duplicates)):
                operation, node = edge_of_op_id(op_id)
                cell._ops.append(build_operation(operation, plan.channels, plan.sampling_of(node)))
            network.cells.append(cell)
        network.classifier = nn.Linear(plans[-1].out_channels, shape.num_classes)
    return {key: value.detach() for key, value in network.state_dict().items()}
