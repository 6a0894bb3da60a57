"""Architectures as PyTorch modules: operations, cells, stems, trunks and classifiers, and their cost."""

from relnas_mm.backends.drop_path import drop_path
from relnas_mm.networks.cell import Cell, OpIds, build_preprocessing, unique_op_ids
from relnas_mm.networks.chain import ChainNetwork, ChainTrunk
from relnas_mm.networks.chain_plan import LayerPlan, plan_chain
from relnas_mm.networks.classifier import CellNetwork
from relnas_mm.networks.cost import Cost
from relnas_mm.networks.operations import Norm, batch_norm, build_operation
from relnas_mm.networks.plan import CellPlan, plan_cells, reduction_cells
from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.shape import NetworkShape
from relnas_mm.networks.stems import cifar_stem, imagenet_stems
from relnas_mm.networks.trunk import CellTrunk

__all__ = [
    "Cell",
    "CellNetwork",
    "CellPlan",
    "CellTrunk",
    "ChainNetwork",
    "ChainTrunk",
    "Cost",
    "LayerPlan",
    "NetworkShape",
    "Norm",
    "OpIds",
    "Sampling",
    "batch_norm",
    "build_operation",
    "build_preprocessing",
    "cifar_stem",
    "drop_path",
    "imagenet_stems",
    "plan_cells",
    "plan_chain",
    "reduction_cells",
    "unique_op_ids",
]
