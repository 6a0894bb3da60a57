"""Where cells stand in a network: channels, reductions, strides and dilations, known before anything is built."""

from dataclasses import dataclass

from relnas_mm.cells.sampling import Sampling
from relnas_mm.errors import UserError
from relnas_mm.genotype import Genotype
from relnas_mm.genotype.genotype import FIRST_NODE

MIN_CELLS = 3  # one for each of the three resolutions


@dataclass(frozen=True)
class CellPlan:
    """The place of one cell.

    Args:
        index: Position in the network, from 0.
        channels: Channels of each of its nodes.
        inputs: Channels of the outputs of the cell before the last and of the last cell.
        reduction: Whether it halves the resolution.
        out_channels: Channels of its output.
        stride: Stride of its output against the image.
        sampling: How its operations on nodes 0 and 1 sample their grid.
        previous_reduction: How the cell before sampled its grid, if it was a reduction, else `None`.
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
        """Sampling of an operation that reads `node`: only the inputs of a reduction cell are strided."""
        return self.sampling if node < FIRST_NODE else self.sampling.following


@dataclass(frozen=True)
class StemPlan:
    """What a stem hands to the first cell.

    Args:
        name: Its name in a config.
        channels: Channels of its two outputs, in multiples of the network's `init_channels`.
        strides: Strides of its two outputs.
    """

    name: str
    channels: int
    strides: tuple[int, int]


STEMS = {
    "cifar": StemPlan("cifar", 3, (1, 1)),
    "imagenet": StemPlan("imagenet", 1, (4, 8)),
}


def reduction_cells(num_cells: int) -> tuple[int, int]:
    """Indices of the two reduction cells: at one and at two thirds of the depth."""
    return num_cells // 3, 2 * num_cells // 3


def plan_cells(
    genotype: Genotype, init_channels: int, num_cells: int, stem: str = "cifar", output_stride: int = 32
) -> tuple[CellPlan, ...]:
    """The places of all cells of a network.

    Args:
        genotype: The cells.
        init_channels: Channels of the nodes of the first cell; they double at each reduction.
        num_cells: Depth, at least 3.
        stem: 'cifar' (stride 1) or 'imagenet' (stride 8).
        output_stride: Largest stride; a reduction beyond it dilates what follows instead of striding.

    Raises:
        UserError: A value is out of its range.
    """
    if stem not in STEMS:
        raise UserError(f"stem is {stem!r}; allowed are {', '.join(map(repr, STEMS))}")
    if num_cells < MIN_CELLS:
        raise UserError(f"num_cells is {num_cells!r}; a network needs at least {MIN_CELLS} cells")
    if init_channels < 1:
        raise UserError(f"init_channels is {init_channels!r}; it must be at least 1")
    first, stride = STEMS[stem].strides
    allowed = [2**k for k in range(6) if 2**k >= stride]
    if output_stride not in allowed:
        raise UserError(f"output_stride is {output_stride!r}; with the {stem} stem it must be one of {allowed}")

    channels = init_channels
    width = STEMS[stem].channels * init_channels
    inputs = (width, width)
    previous = Sampling(stride=2) if first != stride else None
    grid = Sampling()
    plans: list[CellPlan] = []
    for index in range(num_cells):
        reduction = index in reduction_cells(num_cells)
        sampling = grid
        if reduction:
            channels *= 2
            sampling = Sampling(2, grid.dilation, dense=2 * stride > output_stride)
            stride *= sampling.step
        grid = sampling.following
        out_channels = len(genotype.output_nodes(reduction)) * channels
        plans.append(CellPlan(index, channels, inputs, reduction, out_channels, stride, sampling, previous))
        previous = sampling if reduction else None
        inputs = (inputs[1], out_channels)
    return tuple(plans)
