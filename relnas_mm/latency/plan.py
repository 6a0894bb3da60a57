"""What is measured for a latency table: all blocks of a space, and networks to calibrate and to check it by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.latency.table import LatencyTable
from relnas_mm.networks.blocks import Block
from relnas_mm.networks.shape import NetworkShape
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import Space

CALIBRATION = 16
"""Networks that determine the scale of a table."""


@dataclass(frozen=True)
class MeasurementPlan:
    """What a latency table is measured from.

    Args:
        blocks: The blocks.
        calibration: Random architectures that determine `LatencyTable.scale`.
        check: Other random architectures, whose latency is predicted and measured.
        shape: Size of the networks.
    """

    blocks: tuple[Block, ...]
    calibration: tuple[Architecture, ...]
    check: tuple[Architecture, ...]
    shape: NetworkShape

    @property
    def networks(self) -> tuple[Architecture, ...]:
        """All architectures that are measured."""
        return self.calibration + self.check


@dataclass(frozen=True)
class Measurement:
    """Measured latencies in milliseconds, in the order of a `MeasurementPlan`.

    Args:
        blocks: Latencies of the blocks.
        networks: Latencies of the networks.
        overhead: Latency of a call that computes nothing.
    """

    blocks: Sequence[float]
    networks: Sequence[float]
    overhead: float


def plan_measurement(space: Space, shape: NetworkShape, check: int = 0, seed: int = 0) -> MeasurementPlan:
    """Plans the measurement of all blocks of a space's networks.

    Args:
        space: The space.
        shape: Size of the networks, where the space leaves it open.
        check: Number of random architectures to check the table by.
        seed: Seed of the random architectures.

    Raises:
        UserError: The architectures of the space do not consist of blocks.
    """
    blocks: dict[Block, None] = {}
    for architecture in space.covering():
        blocks |= dict.fromkeys(architecture.blocks(shape))
    if not blocks:
        raise UserError(
            f"the latency of architectures of kind {space.kind!r} cannot be predicted: they do not consist of the "
            "blocks of cells; limit max_latency without a latency_table, which measures them"
        )
    draws = space.sample(numpy_stream(seed, "networks of a latency table"), CALIBRATION + check)
    networks = tuple(map(space.decode, draws))
    return MeasurementPlan(tuple(blocks), networks[:CALIBRATION], networks[CALIBRATION:], shape)


def fit_table(
    plan: MeasurementPlan, measured: Measurement, runtime: str, device: str, threads: int, provenance: dict[str, Any]
) -> LatencyTable:
    """Builds a table from measurements.

    Args:
        plan: What was measured.
        measured: The latencies.
        runtime: What computed it.
        device: The device in words.
        threads: Number of threads.
        provenance: Command, commit and versions.
    """
    # the smallest blocks take less than the noise of the two times whose difference they are
    blocks = {block: max(0.0, ms) for block, ms in zip(plan.blocks, measured.blocks, strict=True)}
    table = LatencyTable(runtime, device, threads, blocks, provenance=provenance)
    used = measured.networks[: len(plan.calibration)]
    ratios = [
        (ms - measured.overhead) / table.predict(architecture, plan.shape)
        for architecture, ms in zip(plan.calibration, used)
    ]
    table = replace(table, overhead=measured.overhead, scale=float(np.median(ratios)))
    if not plan.check:
        return table
    predicted = [table.predict(architecture, plan.shape) for architecture in plan.check]
    return replace(table, check=agreement(predicted, measured.networks[len(plan.calibration) :]))


def agreement(predicted: Sequence[float], measured: Sequence[float]) -> dict[str, Any]:
    """Mean relative error, its bias, and Spearman's rank correlation of predicted and measured latencies.

    Args:
        predicted: Milliseconds of each network.
        measured: Likewise.
    """
    from scipy.stats import spearmanr  # slow to import

    errors = np.array(predicted) / np.array(measured) - 1
    return {
        "networks": len(errors),
        "mean_error": float(np.abs(errors).mean()),
        "bias": float(errors.mean()),
        "rank_correlation": float(spearmanr(predicted, measured).statistic),  # type: ignore[attr-defined]
        "predicted_ms": list(map(float, predicted)),
        "measured_ms": list(map(float, measured)),
    }
