"""Accelerated copies of networks, checked against the originals."""

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
    """Accelerates a network.

    Args:
        runtime: As for `relnas_mm.inference.accelerate`.
        compile: Whether to apply `torch.compile` to the whole network, too.
    """

    runtime: Runtime = "torch"
    compile: bool = False

    def __str__(self) -> str:
        return f"{self.runtime}, compiled" if self.compile else self.runtime

    def __call__(self, network: Network, images: Tensor) -> tuple[nn.Module, str]:
        """Builds an accelerated copy of a network.

        Args:
            network: The network, in evaluation mode.
            images: Images to compare the two on, (n, 3, h, w).

        Returns:
            The copy, and a note on the difference between their feature maps.

        Raises:
            UserError: The network has no `CellBackbone`, or feature maps differ by more than 1e-4 of their largest
                value.
        """
        fast = copy.deepcopy(network)
        fast.model = accelerate(fast.model, self.runtime)
        largest = _difference(network, fast, images)
        if largest > TOLERANCE:
            raise UserError(f"--deploy {self} changes the feature maps by {largest:.1e}; allowed is {TOLERANCE:.0e}")
        note = f"deployed ({self}), the backbone's feature maps differ by at most {largest:.1e} of their largest value"
        return cast(nn.Module, torch.compile(fast)) if self.compile else fast, note


@torch.inference_mode()
def _difference(original: Network, fast: Network, images: Tensor) -> float:
    """Largest relative difference of backbone outputs, as heads may break ties between proposals differently."""
    outputs, expected = (Network(network.model, "backbone")(images) for network in (fast, original))
    return max(((x - y).abs().max() / y.abs().max()).item() for x, y in zip(outputs, expected, strict=True))
