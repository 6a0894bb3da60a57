"""A window of what an architecture may cost, and what each candidate costs."""

import statistics
import time
from collections.abc import Mapping
from typing import Any

import torch

from relnas_mm.errors import UserError
from relnas_mm.evaluators.candidate_network import CandidateNetwork
from relnas_mm.evaluators.cost import CostModel
from relnas_mm.evaluators.slots import separate_slots
from relnas_mm.evaluators.weight_set import NetworkShape
from relnas_mm.genotype import Genotype

LIMITS = ("min_params", "max_params", "min_macs", "max_macs", "max_latency")
_TIMINGS = 15


class Budget:
    """Says what a genotype costs in the network it is meant for, and whether that is allowed.

    Args:
        network: Fields of `CostModel`: the network that is to be built from the winner.
        limits: Any of min_params, max_params, min_macs, max_macs (numbers) and max_latency (milliseconds for one
            image, the median of some runs on `device`; what is measured differs from run to run, so such a search
            does not repeat exactly).
        device: Where latency is measured.

    Raises:
        UserError: A limit is unknown, or a window is empty.
    """

    def __init__(self, network: Mapping[str, Any] | None = None, device: torch.device | str = "cpu", **limits: float):
        if unknown := sorted(set(limits) - set(LIMITS)):
            raise UserError(f"the budget does not know {unknown}; it takes {', '.join(LIMITS)}")
        for key in ("params", "macs"):
            low, high = limits.get(f"min_{key}", 0), limits.get(f"max_{key}", float("inf"))
            if low > high:
                raise UserError(f"the budget excludes everything: min_{key} {low:g} is above max_{key} {high:g}")
        if limits.get("max_latency") is not None and (network or {}).get("stem", "cifar") != "cifar":
            raise UserError(
                "max_latency is measured on networks with the 'cifar' stem; leave it out or change the stem"
            )
        self.model, self.limits, self.device = CostModel(**network or {}), limits, torch.device(device)
        self._known: dict[str, dict[str, float]] = {}

    def costs(self, genotype: Genotype) -> dict[str, float]:
        """`params`, `macs`, and `latency` in milliseconds if it is limited.

        Raises:
            UserError: The architecture is no genotype.
        """
        if not isinstance(genotype, Genotype):
            raise UserError(
                f"the budget counts what cells cost, not {genotype!s}; leave it out (MacroMicroSpace has max_params)"
            )
        key = genotype.hash
        if key not in self._known:
            cost = self.model(genotype)
            self._known[key] = {"params": cost.params, "macs": cost.macs}
            if "max_latency" in self.limits:
                self._known[key]["latency"] = self._latency(genotype)
        return self._known[key]

    def allows(self, genotype: Genotype) -> bool:
        """Whether the genotype is inside the window."""
        costs = self.costs(genotype)
        return all(
            costs[limit[4:]] <= bound if limit.startswith("max_") else costs[limit[4:]] >= bound
            for limit, bound in self.limits.items()
        )

    @torch.no_grad()
    def _latency(self, genotype: Genotype) -> float:
        model = self.model
        shape = NetworkShape(model.init_channels, model.num_cells, model.num_classes)
        network = CandidateNetwork(genotype, shape, separate_slots).to(self.device).eval()
        image = torch.zeros(1, 3, model.image_size, model.image_size, device=self.device)
        seconds = []
        for _ in range(_TIMINGS):
            start = time.perf_counter()
            network(image)
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            seconds.append(time.perf_counter() - start)
        return 1000 * statistics.median(seconds)
