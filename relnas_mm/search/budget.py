"""Cost limits of a search: parameters, multiply-adds and latency."""

import hashlib
import os
import statistics
from collections.abc import Mapping
from typing import Any

import torch

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.files import read_bytes
from relnas_mm.latency import load_latency_table
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.timing import time_forward

LIMITS = ("min_params", "max_params", "min_macs", "max_macs", "max_latency")
RETRAINED = {"init_channels": 36, "num_cells": 20}
"""Shape of the network that is retrained on CIFAR-10; chains define their own width and depth."""
_TIMINGS = 15


def target_shape(network: Mapping[str, Any] | None) -> NetworkShape:
    """Size of the network whose costs count.

    Args:
        network: Fields of `NetworkShape`; what is missing is that of the network retrained on CIFAR-10.

    Raises:
        UserError: A field is unknown or out of range.
    """
    try:
        return NetworkShape(**{**RETRAINED, **(network or {})})
    except TypeError as error:
        raise UserError(f"network of the budget is {dict(network or {})}: {error}") from None


def file_sha256(path: "str | os.PathLike[str]") -> str:
    """SHA-256 (hex) of a latency table's file.

    Raises:
        UserError: It cannot be read.
    """
    return hashlib.sha256(read_bytes(path, f"the latency table {os.fspath(path)!r}")).hexdigest()


class Budget:
    """Computes the cost of architectures in the target network and checks it against limits.

    Args:
        network: Fields of the target network's `NetworkShape`; the default is the network retrained on CIFAR-10.
        device: Device on which latency is measured without a table.
        latency_table: Path of a table (`relnas-mm latency`) from which latency is predicted, for the device on which it
            was measured.
        latency_table_sha256: Hash of the table's file, if another content is to be refused.
        **limits: Any of min_params, max_params, min_macs, max_macs and max_latency, in milliseconds for one image.
            Without a table, the latency is the median of several forward passes on `device`; as it is measured, a
            search that limits it is not reproducible bit for bit.

    Raises:
        UserError: A limit or a field of `network` is unknown, a minimum exceeds its maximum, or the table cannot be
            read or has another hash.
    """

    def __init__(
        self,
        network: Mapping[str, Any] | None = None,
        device: torch.device | str = "cpu",
        latency_table: "str | os.PathLike[str] | None" = None,
        latency_table_sha256: str | None = None,
        **limits: float,
    ):
        if unknown := sorted(set(limits) - set(LIMITS)):
            raise UserError(f"the budget does not take {unknown}; it takes {', '.join(LIMITS)}")
        for key in ("params", "macs"):
            low, high = limits.get(f"min_{key}", 0), limits.get(f"max_{key}", float("inf"))
            if low > high:
                raise UserError(f"the budget excludes everything: min_{key} {low:g} is above max_{key} {high:g}")
        self.shape = target_shape(network)
        self.latency_table = None
        if latency_table is not None:
            if latency_table_sha256 not in (None, found := file_sha256(latency_table)):
                raise UserError(
                    f"the latency table {os.fspath(latency_table)!r} has changed since the search began: its SHA-256 "
                    f"is {found[:12]}…, not {latency_table_sha256[:12]}…"  # type: ignore[index]
                )
            self.latency_table = load_latency_table(latency_table)
        self.limits, self.device = limits, torch.device(device)
        self._costs: dict[str, dict[str, float]] = {}

    def costs(self, architecture: Architecture) -> dict[str, float]:
        """Returns `params` and `macs`, and `latency` in milliseconds if it is limited or there is a table.

        Raises:
            UserError: The cost of this kind of architecture is not defined, or the table lacks a part of its network.
        """
        key = architecture.hash
        if key not in self._costs:
            cost = architecture.cost(self.shape)
            self._costs[key] = {"params": cost.params, "macs": cost.macs}
            if self.latency_table is not None:
                self._costs[key]["latency"] = self.latency_table.predict(architecture, self.shape)
            elif "max_latency" in self.limits:
                self._costs[key]["latency"] = self._latency(architecture)
        return self._costs[key]

    def allows(self, architecture: Architecture) -> bool:
        """Whether the architecture is within all limits."""
        costs = self.costs(architecture)
        return all(
            costs[limit[4:]] <= bound if limit.startswith("max_") else costs[limit[4:]] >= bound
            for limit, bound in self.limits.items()
        )

    def provenance(self) -> dict[str, str]:
        """Runtime and device for which latency is predicted, as metadata of a winner."""
        return {} if self.latency_table is None else {"latency_device": self.latency_table.words}

    def _latency(self, architecture: Architecture) -> float:
        network = architecture.build(self.shape).to(self.device).eval()
        image = torch.zeros(1, self.shape.in_channels, *self.shape.image_hw, device=self.device)
        return statistics.median(time_forward(network, image, repeats=_TIMINGS))
