"""Networks of NAS-Bench-201 (Dong and Yang, ICLR 2020): cells with an operation on each of six edges, in three stages.

The network of the benchmark has 15 cells and 16 channels.
"""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.backends import Backend, FeatureMap, get_backend
from relnas_mm.backends.drop_path import drop_path
from relnas_mm.errors import UserError
from relnas_mm.networks.classifier import build_classifier
from relnas_mm.networks.cost import Cost
from relnas_mm.networks.operations import PreActSequence, batch_norm, build_operation, conv
from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.shape import NetworkShape
from relnas_mm.networks.stems import cifar_stem

NB201_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
NB201_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""Edges (from node, to node) in the order of the benchmark's strings."""
NODES, STAGES = 4, 3
KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


def build_edge_operation(name: str, channels: int) -> nn.Module:
    """Builds the operation of an edge; a convolution has a ReLU before and a normalization behind it."""
    if name in KERNELS:
        return PreActSequence(conv(channels, channels, KERNELS[name], Sampling()), batch_norm(channels))
    return build_operation(name, channels)


class NB201Cell(nn.Module):
    """Four nodes, each the sum of an operation on every node before it; the last one is the output.

    State-dict keys: `edges.{edge}.{operation}.*`.

    Args:
        operations: Those of the edges, `NB201_EDGES`.
        channels: Channels of all nodes.
        backend: Backend that computes the operations.
    """

    def __init__(self, operations: Sequence[str], channels: int, backend: Backend):
        super().__init__()
        self.operations, self.backend = tuple(operations), backend
        self.edges = nn.ModuleList(
            nn.ModuleDict({name: build_edge_operation(name, channels)}) for name in self.operations
        )

    def forward(self, x: Tensor, drop_path_rate: float = 0.0, generator: torch.Generator | None = None) -> Tensor:
        """Computes the output node, shape and arguments as those of `Cell`."""
        nodes = [FeatureMap(x)]
        for target in range(1, NODES):
            total: Tensor | None = None
            for (source, end), name, edge in zip(NB201_EDGES, self.operations, self.edges):
                if end != target or name == "none":
                    continue
                out = cast(nn.ModuleDict, edge)[name](nodes[source], self.backend)
                if self.training and drop_path_rate > 0.0 and name != "skip_connect":
                    out = drop_path(out, drop_path_rate, generator)
                total = out if total is None else total + out
            nodes.append(FeatureMap(torch.zeros_like(x) if total is None else total))
        return nodes[-1].value


class NB201Reduction(nn.Module):
    """The residual block between two stages: it halves the resolution and doubles the channels."""

    def __init__(self, channels: int, backend: Backend):
        super().__init__()
        out, self.backend = 2 * channels, backend
        self.conv_a = PreActSequence(conv(channels, out, 3, Sampling(2)), batch_norm(out))
        self.conv_b = PreActSequence(conv(out, out, 3, Sampling()), batch_norm(out))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2, ceil_mode=True), conv(channels, out, 1, Sampling()))

    def forward(self, x: Tensor, *_: object) -> Tensor:
        """Computes the output, (n, 2 * channels, ceil(h / 2), ceil(w / 2))."""
        return self.shortcut(x) + self.conv_b(self.conv_a(x, self.backend), self.backend)


class NB201Network(nn.Module):
    """Stem, three stages of equal cells with residual blocks between them, and a linear classifier.

    Args:
        operations: Those of the edges, `NB201_EDGES`.
        shape: Size of the network; `num_cells` is that of all stages together.
        backend: Name or instance of a backend (`relnas_mm.backends`).

    Raises:
        UserError: The benchmark has no networks of this shape.
    """

    def __init__(self, operations: Sequence[str], shape: NetworkShape, backend: str | Backend = "reference"):
        super().__init__()
        check_shape(shape)
        self.backend = get_backend(backend)
        self.drop_path_rate = 0.0
        self.drop_path_generator: torch.Generator | None = None
        self.stem = cifar_stem(shape.init_channels, shape.in_channels)
        self.cells = nn.ModuleList(
            NB201Reduction(channels, self.backend) if reduction else NB201Cell(operations, channels, self.backend)
            for channels, reduction in cell_channels(shape)
        )
        last = 4 * shape.init_channels
        self.last_norm = batch_norm(last)
        self.classifier = build_classifier(last, shape.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, (n, num_classes), of normalized images, (n, c, h, w)."""
        x = self.backend.stem(self.stem, images)
        for cell in self.cells:
            x = cell(x, self.drop_path_rate, self.drop_path_generator)
        pooled = F.adaptive_avg_pool2d(self.backend.relu(FeatureMap(self.last_norm(x))), 1)
        return self.classifier(torch.flatten(pooled, 1))


def check_shape(shape: NetworkShape) -> None:
    """Checks that the benchmark has networks of a shape, but for their depth and width.

    Raises:
        UserError: It has none.
    """
    if shape.num_cells < STAGES or shape.num_cells % STAGES:
        raise UserError(
            f"num_cells is {shape.num_cells}; networks of NAS-Bench-201 have as many in each of their {STAGES} stages"
        )
    for name, allowed in (("stem", "cifar"), ("output_stride", 32), ("reductions", None)):
        if (found := getattr(shape, name)) != allowed:
            raise UserError(f"{name} is {found!r}; networks of NAS-Bench-201 have {allowed!r} only")


def cell_channels(shape: NetworkShape) -> list[tuple[int, bool]]:
    """Input channels of each part of the body, and whether it is the residual block between two stages."""
    parts = []
    for stage in range(STAGES):
        channels = shape.init_channels * 2**stage
        parts += [(channels, False)] * (shape.num_cells // STAGES)
        parts += [(channels, True)] * (stage < STAGES - 1)
    return parts


def nb201_cost(operations: Sequence[str], shape: NetworkShape) -> Cost:
    """Cost of a `NB201Network`; unused operations are counted, as in the benchmark.

    Args:
        operations: Those of the edges.
        shape: Size of the network.

    Raises:
        UserError: The benchmark has no networks of this shape.
    """
    check_shape(shape)
    height, width = shape.image_hw
    total = _conv_cost(shape.in_channels, shape.init_channels, 3, height * width)
    for channels, reduction in cell_channels(shape):
        if reduction:
            height, width = -(-height // 2), -(-width // 2)
            for inputs, kernel in ((channels, 3), (2 * channels, 3), (channels, 1)):
                total += _conv_cost(inputs, 2 * channels, kernel, height * width)
            total += Cost(-4 * channels, 0)  # no normalization in the shortcut
        else:
            for name in operations:
                if name in KERNELS:
                    total += _conv_cost(channels, channels, KERNELS[name], height * width)
    last = 4 * shape.init_channels
    return total + Cost(2 * last, 0) + Cost((last + 1) * shape.num_classes, last * shape.num_classes)


def _conv_cost(inputs: int, outputs: int, kernel: int, positions: int) -> Cost:
    """Cost of a convolution with normalization."""
    weights = inputs * outputs * kernel**2
    return Cost(weights + 2 * outputs, weights * positions)
