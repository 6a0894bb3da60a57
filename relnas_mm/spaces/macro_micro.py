"""The space of whole chain networks: depth, width, and operation and kernel of each layer (Siddiqui et al., 2025)."""

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
    """Depth, width, then operations and kernels of `max_depth` layers, of which those beyond the depth are idle.

    Args:
        min_depth: Fewest layers, at least 3.
        max_depth: Most layers.
        min_width: Fewest channels of the first stage that are sampled, and that the search for width max_attempts.
        max_width: Most channels.
        kernels: Sides of kernels to choose from, the first of which every search begins with.
        in_channels: Channels of the images.
        num_classes: Classes.
        max_params: Most parameters of a network; `None` for no limit.
        skip: Whether the networks have skip connections.

    Raises:
        UserError: The bounds exclude each other, or not even the smallest network keeps to `max_params`.
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
                f"needed is {MIN_DEPTH} <= min_depth <= max_depth"
            )
        if not 1 <= min_width <= max_width:
            raise UserError(
                f"the widths of MacroMicroSpace go from {min_width!r} to {max_width!r}; "
                "needed is 1 <= min_width <= max_width"
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
        """Separable convolutions with the first kernel throughout."""
        return Chain(width, ((CHAIN_OPERATIONS[0], self.kernels[0]),) * depth, self.skip)

    def parameters(self, chain: Chain) -> int:
        """Parameters of the whole network."""
        return chain.cost(self._shape).params

    def allows(self, chain: Chain) -> bool:
        """Whether the network keeps to `max_params`."""
        return self.max_params is None or self.parameters(chain) <= self.max_params

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """`n` vectors, uniform, with at least `min_width` channels; shape (n, 2 + 2 * max_depth)."""
        vectors = super().sample(rng, n)
        low, high = self.widths
        vectors[:, 1] = low - 1 + vectors[:, 1] / high * (high - low + 1)
        return vectors

    def decode(self, vector: np.ndarray) -> Chain:
        """The network of one vector, shape (2 + 2 * max_depth,)."""
        depth, width, *choices = self.indices(vector).tolist()
        depth += self.depths[0]
        operations, kernels = choices[:depth], choices[self.depths[1] :][:depth]
        layers = tuple((CHAIN_OPERATIONS[o], self.kernels[k]) for o, k in zip(operations, kernels))
        return Chain(width + 1, layers, self.skip)

    def encode(self, chain: Chain) -> np.ndarray:
        """A vector of a network, in the middle of its bins; idle layers are those of the first choice.

        Raises:
            UserError: The network is not in this space.
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
