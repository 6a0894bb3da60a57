"""A window of what an architecture may cost, and what each candidate costs."""

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
"""The network that is retrained on CIFAR-10; a chain has a width and a depth of its own."""
_TIMINGS = 15


class Budget:
    """Says what an architecture costs in the network it is meant for, and whether that is allowed.

    Args:
        network: Fields of `NetworkShape`: the network that is to be built from the winner; by default that which is
            retrained on CIFAR-10.
        device: Where latency is measured.
        **limits: Any of min_params, max_params, min_macs, max_macs (numbers) and max_latency (milliseconds for one
            image, the median of some runs on `device`; what is measured differs from run to run, so such a search
            does not repeat exactly).

    Raises:
        UserError: A limit or a field of `network` is unknown, or a window is empty.
    """

    def __init__(self, network: Mapping[str, Any] | None = None, device: torch.device | str = "cpu", **limits: float):
        if unknown := sorted(set(limits) - set(LIMITS)):
            raise UserError(f"the budget does not know {unknown}; it takes {', '.join(LIMITS)}")
        for key in ("params", "macs"):
            low, high = limits.get(f"min_{key}", 0), limits.get(f"max_{key}", float("inf"))
            if low > high:
                raise UserError(f"the budget excludes everything: min_{key} {low:g} is above max_{key} {high:g}")
        try:
            self.shape = NetworkShape(**{**RETRAINED, **(network or {})})
        except TypeError as error:
            raise UserError(f"network of the budget is {dict(network or {})}: {error}") from None
        self.limits, self.device = limits, torch.device(device)
        self._known: dict[str, dict[str, float]] = {}

    def costs(self, architecture: Architecture) -> dict[str, float]:
        """`params`, `macs`, and `latency` in milliseconds if it is limited.

        Raises:
            UserError: Nothing is known of the cost of such architectures.
        """
        key = architecture.hash
        if key not in self._known:
            cost = architecture.cost(self.shape)
            self._known[key] = {"params": cost.params, "macs": cost.macs}
            if "max_latency" in self.limits:
                self._known[key]["latency"] = self._latency(architecture)
        return self._known[key]

    def allows(self, architecture: Architecture) -> bool:
        """Whether the architecture is inside the window."""
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
