"""Latency of forward passes."""

import time
import timeit
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def time_forward(
    network: nn.Module, images: Tensor, repeats: int, warmup: int = 5, before: Callable[[], Any] = lambda: None
) -> list[float]:
    """Times forward passes in inference mode, in milliseconds each; synchronizes after each pass on CUDA.

    Args:
        network: A network on the device of the images; its training flag is not changed.
        images: A batch, (n, c, h, w).
        repeats: Number of timed passes.
        warmup: Number of untimed passes before them.
        before: Called before each pass, untimed.
    """

    def clock() -> float:
        if images.is_cuda:
            torch.cuda.synchronize(images.device)
        return 1e3 * time.perf_counter()

    with torch.inference_mode():
        return timeit.repeat(lambda: network(images), before, clock, warmup + repeats, 1)[warmup:]
