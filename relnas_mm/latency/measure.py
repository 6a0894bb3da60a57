"""Measures a latency table on this machine."""

import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import torch

from relnas_mm.errors import UserError
from relnas_mm.latency import eager, time_graphs
from relnas_mm.latency.graphs import measurement_of, write_graphs
from relnas_mm.latency.plan import MeasurementPlan, fit_table
from relnas_mm.latency.table import RUNTIMES, LatencyTable
from relnas_mm.onnx_export import require_packages
from relnas_mm.progress import progress_bar
from relnas_mm.provenance import device_in_words


def measure_table(
    plan: MeasurementPlan, runtime: str, device: torch.device, threads: int, provenance: dict[str, Any]
) -> LatencyTable:
    """Measures the blocks and networks of a plan, and builds the table.

    Args:
        plan: What is to be measured.
        runtime: One of `RUNTIMES`.
        device: Device of 'torch'; the other runtimes use the CPU.
        threads: Number of threads.
        provenance: Command, commit and versions.

    Raises:
        UserError: A package is missing, or the runtime does not support the device.
    """
    check_runtime(runtime, device)
    if runtime == "torch":
        with progress_bar("rounds of measurement", eager.rounds()) as advance:
            measured = eager.measure(plan, device, threads, advance)
        words = device_in_words(device) if device.type == "cuda" else time_graphs.device_in_words()
        return fit_table(plan, measured, runtime, words, threads, provenance)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "graphs_of_blocks")
        with progress_bar("graphs", len(plan.blocks) + len(plan.networks)) as advance:
            write_graphs(plan, folder, advance)
        with progress_bar("timings", None) as advance:
            timings = time_graphs.time_graphs(folder, runtime, threads, notify=lambda done, total: advance(1))
    return table_from_timings(plan, timings, provenance)


def table_from_timings(plan: MeasurementPlan, timings: dict[str, Any], provenance: dict[str, Any]) -> LatencyTable:
    """Builds a table from the timings of graphs, here or on another device (`relnas_mm.latency.graphs.read_timings`).

    Args:
        plan: What was measured.
        timings: The content of `timings.json`.
        provenance: Command, commit and versions, here.
    """
    measured, version = measurement_of(plan, timings["ms"]), f"{timings['runtime']} {timings['version']}"
    source = {**provenance, "runtime_version": version}
    return fit_table(plan, measured, timings["runtime"], str(timings["device"]), timings["threads"], source)


def check_runtime(runtime: str, device: torch.device) -> None:
    """Checks that a runtime can be used.

    Raises:
        UserError: It is unknown, a package is missing, or it does not support the device.
    """
    if runtime not in RUNTIMES:
        raise UserError(f"the runtime is {runtime!r}; allowed are {', '.join(map(repr, RUNTIMES))}")
    if runtime == "torch":
        return
    if device.type != "cpu":
        raise UserError(f"the runtime is {runtime!r}, which is used on CPUs only, but the device is {str(device)!r}")
    require_packages()
    if importlib.util.find_spec(runtime) is None:
        raise UserError(f"the runtime {runtime!r} is not installed: run `pip install {runtime}`")
