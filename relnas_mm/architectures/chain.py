"""Chains: plain sequences of convolutions as data (Siddiqui et al., 2025)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from relnas_mm.architectures.base import Architecture, checked_keys
from relnas_mm.architectures.drawing import chain_figure, write_picture
from relnas_mm.backends import Backend
from relnas_mm.errors import UserError
from relnas_mm.networks.chain import ChainNetwork
from relnas_mm.networks.chain_plan import CHAIN_OPERATIONS, KERNEL_SIZES
from relnas_mm.networks.cost import Cost, chain_network_cost
from relnas_mm.networks.plan import MAX_CELLS, MAX_CHANNELS
from relnas_mm.networks.shape import NetworkShape

Layer = tuple[str, int]
"""Operation and kernel size."""
MIN_DEPTH = 3  # one layer per stage


@dataclass(frozen=True)
class Chain(Architecture):
    """A chain of layers in three stages of `width`, `2 * width` and `4 * width` channels.

    The second and the third stage begin with a layer of stride 2, at one and at two thirds of the depth.

    Args:
        width: Channels of the first stage, at least 1.
        layers: Operation and kernel size of each layer, at least three.
        skip: Whether layers that preserve the shape have a residual connection; those of the published networks do not.

    Raises:
        UserError: A value is out of range, or a layer is no such pair.
    """

    kind: ClassVar[str] = "chain"
    file_name: ClassVar[str] = "chain.json"

    width: int
    layers: tuple[Layer, ...]
    skip: bool = False

    def __post_init__(self) -> None:
        if type(self.width) is not int or self.width < 1:
            raise UserError(f"the width of a chain is {self.width!r}; it must be an integer of at least 1")
        if self.width > MAX_CHANNELS:
            raise UserError(f"the width of a chain is {self.width}; it must be at most {MAX_CHANNELS}")
        if isinstance(self.layers, str) or not isinstance(self.layers, Iterable):
            raise UserError(
                f"the layers of a chain are {repr(self.layers)[:80]}; they must be (operation, kernel) pairs"
            )
        layers = tuple(_checked_layer(index, entry) for index, entry in enumerate(self.layers))
        if len(layers) < MIN_DEPTH:
            raise UserError(f"a chain has {len(layers)} layers; it needs at least {MIN_DEPTH}, one for each stage")
        if len(layers) > MAX_CELLS:
            raise UserError(f"a chain has {len(layers)} layers; it has at most {MAX_CELLS}")
        if type(self.skip) is not bool:
            raise UserError(f"skip of a chain is {self.skip!r}; it must be True or False")
        object.__setattr__(self, "layers", layers)

    @classmethod
    def uniform(cls, depth: int, width: int, skip: bool = False) -> "Chain":
        """A chain of separable 3x3 convolutions, as the search for depth and width evaluates."""
        return cls(width, ((CHAIN_OPERATIONS[0], KERNEL_SIZES[0]),) * depth, skip)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.layers)

    def with_width(self, width: int) -> "Chain":
        """A copy with another width."""
        return replace(self, width=width)

    def with_layer(self, index: int, operation: str | None = None, kernel: int | None = None) -> "Chain":
        """A copy with another operation or kernel size in one layer."""
        layers = list(self.layers)
        layers[index] = (operation or layers[index][0], kernel or layers[index][1])
        return replace(self, layers=tuple(layers))

    def to_dict(self) -> dict[str, Any]:
        """The chain as JSON-serializable data; `Chain.from_dict` is the inverse."""
        out: dict[str, Any] = {"width": self.width, "layers": [list(layer) for layer in self.layers]}
        return {**out, "skip": True} if self.skip else out

    @classmethod
    def from_dict(cls, data: Any, source: str = "the chain") -> "Chain":
        """Builds a chain from the result of `to_dict`.

        Args:
            data: A mapping with `width`, `layers` and, optionally, `skip`.
            source: Origin of the data, for error messages.

        Raises:
            UserError: A key is missing or unknown, or a value is invalid.
        """
        data = checked_keys(data, cls.kind, {"width", "layers"}, {"width", "layers", "skip"}, source)
        try:
            return cls(**data)
        except UserError as error:
            raise UserError(f"{source}: {error}") from None

    def cost(self, shape: NetworkShape) -> Cost:
        """Parameters and multiply-adds of the network that `build` returns."""
        return chain_network_cost(self, shape)

    def build(self, shape: NetworkShape, backend: str | Backend = "auto") -> nn.Module:
        """Builds stem, layers and linear classifier: images (n, c, h, w) to logits (n, num_classes)."""
        return ChainNetwork(self, shape.in_channels, shape.num_classes, shape.stem, backend)

    def draw(self, path: Path) -> Path:
        """Writes a picture of the layers (`write_picture`)."""
        return write_picture(chain_figure(self), path, self.hash)

    def save_to(self, folder: Path, meta: Mapping[str, Any] | None = None) -> Path:
        """Writes `chain.json`, `chain.svg` and `chain.png`."""
        for ending in ("svg", "png"):
            self.draw(folder / f"chain.{ending}")
        return super().save_to(folder, meta)

    def __str__(self) -> str:
        """Depth, width, and the layers other than separable 3x3, such as `26x46 conv@0,2 k5@13,17`."""
        dense = [str(index) for index, (operation, _) in enumerate(self.layers) if operation == CHAIN_OPERATIONS[1]]
        parts = [f"{self.depth}x{self.width}", *([f"conv@{','.join(dense)}"] if dense else [])]
        for size in KERNEL_SIZES[1:]:
            if indices := [str(index) for index, (_, kernel) in enumerate(self.layers) if kernel == size]:
                parts.append(f"k{size}@{','.join(indices)}")
        return " ".join([*parts, *(["skip"] if self.skip else [])])


def _checked_layer(index: int, entry: Any) -> Layer:
    pair = tuple(entry) if isinstance(entry, (list, tuple)) else ()
    if len(pair) != 2 or pair[0] not in CHAIN_OPERATIONS or type(pair[1]) is not int or pair[1] not in KERNEL_SIZES:
        raise UserError(
            f"layer {index} of a chain is {repr(entry)[:80]}; it must be a pair of one of "
            f"{', '.join(map(repr, CHAIN_OPERATIONS))} and a kernel size of {', '.join(map(str, KERNEL_SIZES))}"
        )
    return pair
