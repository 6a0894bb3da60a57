"""The search space of chains: depth, width, and operation and kernel size of each layer (Siddiqui et al., 2025)."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from relnas_mm.architectures import Chain
from relnas_mm.architectures.chain import MIN_DEPTH
from relnas_mm.errors import UserError
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.chain_plan import CHAIN_OPERATIONS, KERNEL_SIZES
from relnas_mm.spaces.base import Space


class MacroMicroSpace(Space):
    """Depth, width, then operations and kernel sizes of `max_depth` layers; those beyond the depth are ignored.

    Args:
        min_depth: Least number of layers, at least 3.
        max_depth: Largest number of layers.
        min_width: Least number of channels of the first stage that is sampled, or tried in the search for the width.
        max_width: Largest number of channels of the first stage.
        kernels: Candidate kernel sizes; searches start from the first.
        in_channels: Channels of the images.
        num_classes: Number of classes.
        max_params: Largest number of parameters; `None` for no limit.
        skip: Whether the networks have residual connections.

    Raises:
        UserError: Bounds contradict each other, or the smallest network exceeds `max_params`.
    """

    kind: ClassVar[str] = Chain.kind

    def __init__(
        self,
        min_depth: int = 10,
        max_depth: int = 100,
        min_width: int = 16,
        max_width: int = 64,
        kernels: Sequence[int] = KERNEL_SIZES[:2],
        in_channels: int = 3,
        num_classes: int = 10,
        max_params: int | None = None,
        skip: bool = False,
    ):
        if not MIN_DEPTH <= min_depth <= max_depth:
            raise UserError(
                f"the depths of MacroMicroSpace go from {min_depth!r} to {max_depth!r}; "
                f"required: {MIN_DEPTH} <= min_depth <= max_depth"
            )
        if not 1 <= min_width <= max_width:
            raise UserError(
                f"the widths of MacroMicroSpace go from {min_width!r} to {max_width!r}; "
                "required: 1 <= min_width <= max_width"
            )
        if not kernels or not set(kernels) <= set(KERNEL_SIZES) or len(set(kernels)) != len(kernels):
            raise UserError(
                f"kernels of MacroMicroSpace is {kernels!r}; it must list some of {KERNEL_SIZES}, each once"
            )
        self.depths, self.widths, self.kernels = (min_depth, max_depth), (min_width, max_width), tuple(kernels)
        self.in_channels, self.num_classes, self.max_params, self.skip = in_channels, num_classes, max_params, skip
        self._shape = NetworkShape(in_channels=in_channels, num_classes=num_classes)
        layers = [len(CHAIN_OPERATIONS)] * max_depth + [len(kernels)] * max_depth
        super().__init__([max_depth - min_depth + 1, max_width, *layers])
        smallest = self.parameters(self.uniform(min_depth, min_width))
        if max_params is not None and smallest > max_params:
            raise UserError(
                f"no network meets max_params {max_params!r} of MacroMicroSpace: the smallest, of {min_depth} layers "
                f"and {min_width} channels, has {smallest:,} parameters"
            )

    def uniform(self, depth: int, width: int) -> Chain:
        """A chain of separable convolutions with the first kernel size."""
        return Chain(width, ((CHAIN_OPERATIONS[0], self.kernels[0]),) * depth, self.skip)

    def parameters(self, chain: Chain) -> int:
        """Number of parameters of the network."""
        return chain.cost(self._shape).params

    def allows(self, chain: Chain) -> bool:
        """Whether the network has at most `max_params` parameters."""
        return self.max_params is None or self.parameters(chain) <= self.max_params

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Samples `n` vectors uniformly from widths of at least `min_width`, shape (n, 2 + 2 * max_depth)."""
        vectors = super().sample(rng, n)
        low, high = self.widths
        vectors[:, 1] = low - 1 + vectors[:, 1] / high * (high - low + 1)
        return vectors

    def decode(self, vector: np.ndarray) -> Chain:
        """Decodes one vector, shape (2 + 2 * max_depth,), to a chain."""
        depth, width, *choices = self.indices(vector).tolist()
        depth += self.depths[0]
        operations, kernels = choices[:depth], choices[self.depths[1] :][:depth]
        layers = tuple((CHAIN_OPERATIONS[o], self.kernels[k]) for o, k in zip(operations, kernels))
        return Chain(width + 1, layers, self.skip)

    def encode(self, chain: Chain) -> np.ndarray:
        """Encodes a chain as the center of its bins; layers beyond the depth get the first choices.

        Raises:
            UserError: The chain is not in this space.
        """
        low, high = self.depths
        inside = low <= chain.depth <= high and chain.width <= self.widths[1] and chain.skip == self.skip
        if not inside or not {kernel for _, kernel in chain.layers} <= set(self.kernels):
            raise UserError(f"the network {chain} is not in a space of {low} to {high} layers, {self.widths[1]} wide")
        vector = np.full(len(self.upper), 0.5)
        vector[:2] += chain.depth - low, chain.width - 1
        vector[2 : 2 + chain.depth] += [CHAIN_OPERATIONS.index(operation) for operation, _ in chain.layers]
        vector[2 + high : 2 + high + chain.depth] += [self.kernels.index(kernel) for _, kernel in chain.layers]
        return vector
