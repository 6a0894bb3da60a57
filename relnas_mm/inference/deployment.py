"""A network made faster for inference, with the difference that this makes to its outputs."""

import copy
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from relnas_mm.analysis.network import Network
from relnas_mm.errors import UserError
from relnas_mm.inference.accelerate import Runtime, accelerate

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Deployment:
    """How a network is made faster.

    Args:
        runtime: As for `relnas_mm.inference.accelerate`.
        compile: Whether torch compiles the whole network as well.
    """

    runtime: Runtime = "torch"
    compile: bool = False

    def __str__(self) -> str:
        return f"{self.runtime}, compiled" if self.compile else self.runtime

    def __call__(self, network: Network, images: Tensor) -> tuple[nn.Module, str]:
        """A faster copy of a network.

        Args:
            network: In evaluation mode; stays as it is.
            images: What both are compared on, (n, 3, h, w).

        Returns:
            The copy, and a sentence about the difference of its feature maps.

        Raises:
            UserError: It has no `CellBackbone`, or its maps differ by more than 1e-4 of their largest number.
        """
        fast = copy.deepcopy(network)
        fast.model = accelerate(fast.model, self.runtime)
        largest = _difference(network, fast, images)
        if largest > TOLERANCE:
            raise UserError(f"--deploy {self} changes the maps by {largest:.1e}; allowed is {TOLERANCE:.0e}")
        note = f"deployed ({self}), the backbone's maps differ by {largest:.1e} of their largest number at most"
        return cast(nn.Module, torch.compile(fast)) if self.compile else fast, note


@torch.inference_mode()
def _difference(plain: Network, fast: Network, images: Tensor) -> float:
    """Of what backbones give: a head may choose differently between two proposals that are worth the same."""
    ours, theirs = (Network(network.model, "backbone")(images) for network in (fast, plain))
    return max(((x - y).abs().max() / y.abs().max()).item() for x, y in zip(ours, theirs, strict=True))
