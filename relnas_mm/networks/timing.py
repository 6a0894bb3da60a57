"""How long forward passes take."""

import time
import timeit

import torch
from torch import Tensor, nn


def time_forward(network: nn.Module, images: Tensor, repeats: int, warmup: int = 5) -> list[float]:
    """Milliseconds of each of some forward passes without gradients; on CUDA every pass is waited for.

    Args:
        network: A function of images, on their device; its mode is left as it is.
        images: A batch.
        repeats: Timed passes.
        warmup: Passes before them that do not count.
    """

    def clock() -> float:
        if images.is_cuda:
            torch.cuda.synchronize(images.device)
        return 1e3 * time.perf_counter()

    with torch.inference_mode():
        return timeit.repeat(lambda: network(images), timer=clock, repeat=warmup + repeats, number=1)[warmup:]
