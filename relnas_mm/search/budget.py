"""Cost limits of a search: parameters, multiply-adds and latency."""

import statistics
from collections.abc import Mapping
from typing import Any

import torch

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.timing import time_forward

LIMITS = ("min_params", "max_params", "min_macs", "max_macs", "max_latency")
RETRAINED = {"init_channels": 36, "num_cells": 20}
"""Shape of the network that is retrained on CIFAR-10; chains define their own width and depth."""
_TIMINGS = 15


class Budget:
    """Computes the cost of architectures in the target network and checks it against limits.

    Args:
        network: Fields of the target network's `NetworkShape`; the default is the network retrained on CIFAR-10.
        device: Device on which latency is measured.
        **limits: Any of min_params, max_params, min_macs, max_macs and max_latency.  The latency is the median of
            several forward passes of one image on `device`, in milliseconds; as it is measured, a search that limits
            it is not reproducible bit for bit.

    Raises:
        UserError: A limit or a field of `network` is unknown, or a minimum exceeds its maximum.
    """

    def __init__(self, network: Mapping[str, Any] | None = None, device: torch.device | str = "cpu", **limits: float):
        if unknown := sorted(set(limits) - set(LIMITS)):
            raise UserError(f"the budget does not take {unknown}; it takes {', '.join(LIMITS)}")
        for key in ("params", "macs"):
            low, high = limits.get(f"min_{key}", 0), limits.get(f"max_{key}", float("inf"))
            if low > high:
                raise UserError(f"the budget excludes everything: min_{key} {low:g} is above max_{key} {high:g}")
        try:
            self.shape = NetworkShape(**{**RETRAINED, **(network or {})})
        except TypeError as error:
            raise UserError(f"network of the budget is {dict(network or {})}: {error}") from None
        self.limits, self.device = limits, torch.device(device)
        self._costs: dict[str, dict[str, float]] = {}

    def costs(self, architecture: Architecture) -> dict[str, float]:
        """Returns `params` and `macs`, and `latency` in milliseconds if it is limited.

        Raises:
            UserError: The cost of this kind of architecture is not defined.
        """
        key = architecture.hash
        if key not in self._costs:
            cost = architecture.cost(self.shape)
            self._costs[key] = {"params": cost.params, "macs": cost.macs}
            if "max_latency" in self.limits:
                self._costs[key]["latency"] = self._latency(architecture)
        return self._costs[key]

    def allows(self, architecture: Architecture) -> bool:
        """Whether the architecture is within all limits."""
        costs = self.costs(architecture)
        return all(
            costs[limit[4:]] <= bound if limit.startswith("max_") else costs[limit[4:]] >= bound
            for limit, bound in self.limits.items()
        )

    def _latency(self, architecture: Architecture) -> float:
        network = architecture.build(self.shape).to(self.device).eval()
        side = self.shape.image_size
        image = torch.zeros(1, self.shape.in_channels, side, side, device=self.device)
        return statistics.median(time_forward(network, image, repeats=_TIMINGS))
