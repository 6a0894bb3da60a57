"""Blocks and networks timed in PyTorch.

A block that runs again and again finds its weights, its inputs and its kernel's code in the caches, and takes up to a
fifth less than between others.  So all blocks run in turn, in random order, and each takes inputs that were just
written, as in a network.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relnas_mm.latency.plan import Measurement, MeasurementPlan
from relnas_mm.networks.blocks import example_inputs
from relnas_mm.networks.timing import time_forward
from relnas_mm.seeding import numpy_stream, seeded, stream_seed

ROUNDS, WARMUP = 150, 5
NETWORK_ROUNDS, NETWORK_REPEATS = 3, 12
_CUDA_CALLS = 10


def measure(
    plan: MeasurementPlan, device: torch.device, threads: int, advance: Callable[[float], Any] = lambda amount: None
) -> Measurement:
    """Measures the blocks and networks of a plan, as built, in evaluation mode and float32.

    Args:
        plan: What is to be measured.
        device: Device to run on.
        threads: Number of threads on CPUs.
        advance: Called after each round.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode(), seeded(stream_seed(0, "weights of a latency table")):
            blocks = _blocks(plan, device, advance)
            networks = _networks(plan, device, advance)
    finally:
        torch.set_num_threads(before)
    return Measurement(blocks, networks, 0.0)


def rounds() -> int:
    """Number of times that `measure` calls `advance`."""
    return ROUNDS + WARMUP + NETWORK_ROUNDS


def _blocks(plan: MeasurementPlan, device: torch.device, advance: Callable[[float], Any]) -> list[float]:
    modules = [block.build().eval().to(device) for block in plan.blocks]
    inputs = [[each.to(device) for each in example_inputs(block)] for block in plan.blocks]
    times: list[list[float]] = [[] for _ in modules]
    for number in range(WARMUP + ROUNDS):
        for index in numpy_stream(0, "order of blocks", number).permutation(len(modules)):
            seconds = _timed(modules[index], inputs[index], device)
            if number >= WARMUP:
                times[index].append(1e3 * seconds)
        advance(1)
    return [float(np.quantile(each, 0.25)) for each in times]


def _timed(module: nn.Module, inputs: Sequence[Tensor], device: torch.device) -> float:
    written = [each.clone() for each in inputs]
    if device.type != "cuda":
        start = time.perf_counter()
        module(*written)
        return time.perf_counter() - start
    torch.cuda.synchronize(device)  # kernels run while the next ones are launched, as in a network
    start = time.perf_counter()
    for _ in range(_CUDA_CALLS):
        module(*written)
    torch.cuda.synchronize(device)
    return (time.perf_counter() - start) / _CUDA_CALLS


def _networks(plan: MeasurementPlan, device: torch.device, advance: Callable[[float], Any]) -> list[float]:
    images = torch.randn(1, plan.shape.in_channels, *plan.shape.image_hw).to(device)
    networks = [architecture.build(plan.shape).eval().to(device) for architecture in plan.networks]
    best = [float("inf")] * len(networks)
    for _ in range(NETWORK_ROUNDS):
        for index, network in enumerate(networks):
            taken = statistics.quantiles(time_forward(network, images, NETWORK_REPEATS), n=4)[0]
            best[index] = min(best[index], taken)
        advance(1)
    return best
