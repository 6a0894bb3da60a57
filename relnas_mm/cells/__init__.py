"""An architecture as modules: operations, `Cell`, stems, drop path, and the trunk that all networks share."""

from relnas_mm.cells.cell import Cell, Slots, build_preprocessing, own_slots
from relnas_mm.cells.drop_path import drop_path
from relnas_mm.cells.layout import CellPlan, plan_cells, reduction_cells
from relnas_mm.cells.operations import Norm, batch_norm, build_operation
from relnas_mm.cells.sampling import Sampling
from relnas_mm.cells.stems import cifar_stem, imagenet_stems
from relnas_mm.cells.trunk import CellTrunk

__all__ = [
    "Cell",
    "CellPlan",
    "CellTrunk",
    "Norm",
    "Sampling",
    "Slots",
    "batch_norm",
    "build_operation",
    "build_preprocessing",
    "cifar_stem",
    "drop_path",
    "imagenet_stems",
    "own_slots",
    "plan_cells",
    "reduction_cells",
]
