"""The blocks of which a network consists: what its costs and its predicted latency are sums of."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends import Backend, FeatureMap, get_backend
from relnas_mm.networks.cell import used_nodes
from relnas_mm.networks.classifier import build_classifier
from relnas_mm.networks.operations import FactorizedReduce, PreActSequence, ReluConvNorm, batch_norm, build_operation
from relnas_mm.networks.plan import CELL_STEM_WIDTH, EDGES_PER_NODE, FIRST_NODE, CellPlan, plan_cells
from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.shape import NetworkShape
from relnas_mm.networks.stems import STEM_STRIDES, cifar_stem, imagenet_stems

if TYPE_CHECKING:
    from relnas_mm.architectures import Genotype

Size = tuple[int, int]
PREPROCESS, REDUCE, RELU, ADD, CONCAT, CLASSIFIER = (
    *("conv_1x1", "factorized_reduce", "relu", "add", "concat", "classifier"),
)
STEM_BLOCKS = {"cifar": ("cifar_stem",), "imagenet": ("imagenet_stem0", "imagenet_stem1")}
"""Blocks of each stem: what reads the images, and what makes the second feature map of the first."""
SUMMANDS = 2
PLAIN = Sampling()


@dataclass(frozen=True)
class Block:
    """A part of a network's forward pass that is computed as a whole.

    Args:
        name: 'cifar_stem', or 'imagenet_stem0' and 'imagenet_stem1'; 'conv_1x1' (with normalization) or
            'factorized_reduce' for the inputs of a cell and for strided skip connections; the name of an operation;
            'relu', 'add' and 'concat'; 'classifier' for pooling and linear layer.  The first ReLU of operations, which
            readers of a feature map share, is a block of its own.
        in_channels: Channels of each input.
        out_channels: Channels of the output.
        size: Height and width of the inputs.
        sampling: Stride and dilation.
        inputs: Number of inputs.
    """

    name: str
    in_channels: int
    out_channels: int
    size: Size
    sampling: Sampling = PLAIN
    inputs: int = 1

    def __str__(self) -> str:
        """For messages: name, channels, size, and stride and dilation if they are not 1."""
        parts = [f"{self.name} {self.in_channels}->{self.out_channels} at {self.size[0]}x{self.size[1]}"]
        if self.sampling.stride != 1:
            parts.append("dilated instead of strided" if self.sampling.step == 1 else f"stride {self.sampling.stride}")
        if self.sampling.dilation != 1:
            parts.append(f"dilation {self.sampling.dilation}")
        return ", ".join(parts)

    def build(self, backend: str | Backend = "auto") -> nn.Module:
        """Builds the block as a module of its inputs, each (n, in_channels, *size), without its first ReLU."""
        return _Module(self, backend)


def network_blocks(genotype: "Genotype", shape: NetworkShape, unused: bool = True) -> Counter[Block]:
    """The blocks of the network of a genotype, with their numbers.

    Args:
        genotype: The cells.
        shape: Size of the network.
        unused: Whether to include blocks on which the network's output does not depend.  PyTorch computes them; the
            graph of an exported network lacks them.

    Raises:
        UserError: A value of `shape` is out of range.
    """
    plans = plan_cells(
        genotype, shape.init_channels, shape.num_cells, shape.stem, shape.output_stride, shape.reductions
    )
    width = CELL_STEM_WIDTH[shape.stem] * shape.init_channels
    sizes = [_divided(shape.image_hw, stride) for stride in STEM_STRIDES[shape.stem]]
    needed = set(range(-FIRST_NODE, len(plans))) if unused else _needed_cells(genotype, plans)
    stems = stem_blocks(shape.stem, shape.in_channels, width, shape.image_hw)
    blocks = Counter(stems if -1 in needed else stems[:1])
    activated: set[tuple[int, int]] = set()  # cell (-2 and -1 for the stem) and node of feature maps behind a ReLU
    for plan in plans:
        previous, last = sizes[-2:]
        size = _divided(shape.image_hw, plan.stride)
        sizes.append(size)
        if plan.index not in needed:
            continue
        edges, outputs = genotype.edges(plan.reduction), genotype.output_nodes(plan.reduction)
        nodes = set(range(FIRST_NODE + len(edges) // EDGES_PER_NODE))
        if not unused:
            nodes = used_nodes(edges, outputs)
        for node, channels, map_size in zip(range(FIRST_NODE), plan.inputs, (previous, last)):
            if node not in nodes:
                continue
            source = plan.index - FIRST_NODE + node
            source = -1 if source < 0 and shape.stem == "cifar" else source  # its two feature maps are one
            if (source, -1) not in activated:
                activated.add((source, -1))
                blocks[Block(RELU, channels, channels, map_size)] += 1
            if node == 0 and plan.previous_reduction is not None:
                blocks[Block(REDUCE, channels, plan.channels, map_size, plan.previous_reduction)] += 1
            else:
                blocks[Block(PREPROCESS, channels, plan.channels, map_size)] += 1
        for position, (operation, node) in enumerate(edges):
            target = FIRST_NODE + position // EDGES_PER_NODE
            if target not in nodes:
                continue
            sampling, map_size = plan.sampling_of(node), last if node < FIRST_NODE else size
            if (block := _operation_block(operation, plan.channels, sampling, map_size)) is not None:
                blocks[block] += 1
                if _has_relu(block.name) and (plan.index, node) not in activated:
                    activated.add((plan.index, node))
                    blocks[Block(RELU, plan.channels, plan.channels, map_size)] += 1
            if position % EDGES_PER_NODE == EDGES_PER_NODE - 1:
                blocks[Block(ADD, plan.channels, plan.channels, size, inputs=SUMMANDS)] += 1
        blocks[Block(CONCAT, plan.channels, plan.out_channels, size, inputs=len(outputs))] += 1
    blocks[Block(CLASSIFIER, plans[-1].out_channels, shape.num_classes, sizes[-1])] += 1
    return blocks


def stem_blocks(stem: str, in_channels: int, channels: int, size: Size) -> list[Block]:
    """The blocks of a stem.

    Args:
        stem: 'cifar' or 'imagenet'.
        in_channels: Channels of the images.
        channels: Channels of the stem's feature maps.
        size: Height and width of the images.
    """
    first, *further = STEM_BLOCKS[stem]
    maps = _divided(size, STEM_STRIDES[stem][0])
    return [Block(first, in_channels, channels, size), *(Block(name, channels, channels, maps) for name in further)]


def _needed_cells(genotype: "Genotype", plans: Sequence[CellPlan]) -> set[int]:
    """Cells, and -2 and -1 for the stem, on whose outputs the last cell depends."""
    needed = {len(plans) - 1}
    for plan in reversed(plans):
        if plan.index in needed:
            used = used_nodes(genotype.edges(plan.reduction), genotype.output_nodes(plan.reduction))
            needed |= {plan.index - FIRST_NODE + node for node in used if node < FIRST_NODE}
    return needed


def _divided(size: Size, stride: int) -> Size:
    height, width = (-(-side // stride) for side in size)
    return height, width


def _operation_block(operation: str, channels: int, sampling: Sampling, size: Size) -> Block | None:
    """The block of an operation; `None` for an identity, which costs nothing."""
    if operation == "skip_connect":
        return None if sampling.stride == 1 else Block(REDUCE, channels, channels, size, sampling)
    return Block(operation, channels, channels, size, sampling)


def _has_relu(name: str) -> bool:
    return name == REDUCE or not (name == "none" or name.endswith("_pool_3x3"))


class _Module(nn.Module):
    """A block, called with its inputs; the ReLU before an operation is taken as done."""

    def __init__(self, block: Block, backend: str | Backend):
        super().__init__()
        self.block, self.backend = block, get_backend(backend)
        name, channels, outputs = block.name, block.in_channels, block.out_channels
        if name in STEM_BLOCKS["cifar"]:
            self.layers = nn.ModuleList([cifar_stem(outputs, channels)])
        elif name in STEM_BLOCKS["imagenet"]:
            self.layers = nn.ModuleList([imagenet_stems(outputs, channels)[STEM_BLOCKS["imagenet"].index(name)]])
        elif name == PREPROCESS:
            self.layers = nn.ModuleList([ReluConvNorm(channels, outputs, batch_norm)])
        elif name == REDUCE:
            self.layers = nn.ModuleList([FactorizedReduce(channels, outputs, batch_norm, block.sampling)])
        elif name == CLASSIFIER:
            self.layers = nn.ModuleList([build_classifier(channels, outputs)])
        elif name in (RELU, ADD, CONCAT):
            self.layers = nn.ModuleList()
        else:
            self.layers = nn.ModuleList([build_operation(name, channels, block.sampling)])

    def forward(self, *inputs: Tensor) -> Tensor:
        name, (x, *_) = self.block.name, inputs
        if name.endswith(("_stem", "_stem0", "_stem1")):
            return self.backend.stem(self.layers[0], x)  # type: ignore[arg-type]
        if name == RELU:
            return F.relu(x)
        if name == ADD:
            return self.backend.add_paths([(each, 0.0) for each in inputs], None)
        if name == CONCAT:
            return torch.cat(inputs, dim=1)
        layer = self.layers[0]
        if name == CLASSIFIER:
            return layer(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
        activated = isinstance(layer, (PreActSequence, FactorizedReduce))
        return layer(FeatureMap.activated(x) if activated else x, self.backend)


def example_inputs(block: Block, batch: int = 1, generator: torch.Generator | None = None) -> Sequence[Tensor]:
    """Random inputs of a block, each (batch, in_channels, *size)."""
    shape = batch, block.in_channels, *block.size
    return [torch.randn(shape, generator=generator).relu_() for _ in range(block.inputs)]
