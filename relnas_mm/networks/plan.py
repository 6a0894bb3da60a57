"""Channels, reductions, strides and dilations of a network's cells, computed before anything is built."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relnas_mm.errors import UserError
from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.stems import check_stem

if TYPE_CHECKING:
    from relnas_mm.architectures import Genotype

Edge = tuple[str, int]
"""An operation and its input node."""
EDGES_PER_NODE = 2
FIRST_NODE = 2  # nodes 0 and 1 are the outputs of the two preceding cells

MIN_CELLS = 3  # one per resolution
MAX_CELLS, MAX_CHANNELS = 1000, 1 << 16
"""Limits of depth, in cells or layers, and of width, beyond which memory ends before a network is built."""
CELL_STEM_WIDTH = {"cifar": 3, "imagenet": 1}
"""Channels of a stem's feature maps, in multiples of the network's `init_channels`."""


@dataclass(frozen=True)
class CellPlan:
    """Configuration of one cell.

    Args:
        index: Position in the network, from 0.
        channels: Channels of each node.
        inputs: Output channels of cells k-2 and k-1.
        reduction: Whether this is a reduction cell.
        out_channels: Channels of the output.
        stride: Total stride of the output.
        sampling: Stride and dilation of the operations on nodes 0 and 1.
        previous_reduction: Sampling of cell k-1 if that is a reduction cell, else `None`.
    """

    index: int
    channels: int
    inputs: tuple[int, int]
    reduction: bool
    out_channels: int
    stride: int
    sampling: Sampling
    previous_reduction: Sampling | None

    def sampling_of(self, node: int) -> Sampling:
        """Sampling of an operation that reads `node`; only those on a reduction cell's inputs are strided."""
        return self.sampling if node < FIRST_NODE else self.sampling.following


def reduction_cells(num_cells: int) -> tuple[int, int]:
    """Indices of the two reduction cells, at one and at two thirds of the depth."""
    return num_cells // 3, 2 * num_cells // 3


def check_reductions(reductions: Sequence[int], num_cells: int) -> tuple[int, int]:
    """Checks the positions of the reduction cells.

    Raises:
        UserError: They are not two cells in ascending order with at least one cell before each and after the last.
    """
    pair = tuple(reductions) if isinstance(reductions, (list, tuple)) else ()
    if len(pair) != 2 or any(type(index) is not int for index in pair) or not 0 < pair[0] < pair[1] < num_cells:
        raise UserError(
            f"reductions is {reductions!r}; it must list the indices of two cells in ascending order, from 1 to "
            f"{num_cells - 1} in a network of {num_cells} cells"
        )
    return pair


def plan_cells(
    genotype: "Genotype",
    init_channels: int,
    num_cells: int,
    stem: str = "cifar",
    output_stride: int = 32,
    reductions: Sequence[int] | None = None,
) -> tuple[CellPlan, ...]:
    """Plans the cells of a network.

    Args:
        genotype: The cells.
        init_channels: Channels of the nodes of the first cell, which double at each reduction.
        num_cells: Depth, at least 3.
        stem: 'cifar' (stride 1) or 'imagenet' (stride 8).
        output_stride: Largest stride; reductions beyond it dilate the following cells instead of striding.
        reductions: Indices of the two reduction cells; `None` for those of `reduction_cells`.

    Raises:
        UserError: A value is out of range.
    """
    first, stride = check_stem(stem, output_stride)
    if num_cells < MIN_CELLS:
        raise UserError(f"num_cells is {num_cells!r}; a network needs at least {MIN_CELLS} cells")
    if num_cells > MAX_CELLS:
        raise UserError(f"num_cells is {num_cells!r}; a network has at most {MAX_CELLS} cells")
    if init_channels < 1:
        raise UserError(f"init_channels is {init_channels!r}; it must be at least 1")
    if init_channels > MAX_CHANNELS:
        raise UserError(f"init_channels is {init_channels!r}; it must be at most {MAX_CHANNELS}")

    halving = reduction_cells(num_cells) if reductions is None else check_reductions(reductions, num_cells)
    channels = init_channels
    width = CELL_STEM_WIDTH[stem] * init_channels
    inputs = (width, width)
    previous = Sampling(stride=2) if first != stride else None
    grid = Sampling()
    plans: list[CellPlan] = []
    for index in range(num_cells):
        reduction = index in halving
        sampling = grid
        if reduction:
            channels *= 2
            sampling = Sampling(2, grid.dilation, replace_stride_with_dilation=2 * stride > output_stride)
            stride *= sampling.step
        grid = sampling.following
        out_channels = len(genotype.output_nodes(reduction)) * channels
        plans.append(CellPlan(index, channels, inputs, reduction, out_channels, stride, sampling, previous))
        previous = sampling if reduction else None
        inputs = (inputs[1], out_channels)
    return tuple(plans)
