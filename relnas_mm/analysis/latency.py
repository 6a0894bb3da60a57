"""Latency of networks on this machine."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.networks.timing import time_forward
from relnas_mm.progress import progress_bar

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class Latency:
    """Latency of forward passes in milliseconds.

    Args:
        batch: Batch size.
        layout: Memory format of images and weights, 'contiguous' or 'channels_last'.
        median: Median.
        lower: First quartile.
        upper: Third quartile.
    """

    batch: int
    layout: str
    median: float
    lower: float
    upper: float

    @property
    def images_per_second(self) -> float:
        """Throughput at the median latency."""
        return 1e3 * self.batch / self.median


def find_device(name: str) -> torch.device:
    """Returns the device of this name.

    Raises:
        UserError: The name is invalid, or there is no such device.
    """
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(
            f"--device is {name!r}; allowed are 'cpu' and 'cuda', also with a number as in 'cuda:1'"
        ) from None
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device is {name!r}; allowed are 'cpu' and 'cuda', also with a number as in 'cuda:1'")
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        raise UserError(
            f"--device is {name!r}, but torch finds {count or 'no'} CUDA device{'s' if count > 1 else ''} here"
        )
    return device


def measure_latency(
    network: nn.Module,
    shape: tuple[int, int],
    device: torch.device,
    batches: Sequence[int] = (1,),
    repeats: int = 30,
    warmup: int = 5,
    notify: Callable[[str], Any] = lambda message: None,
) -> list[Latency]:
    """Measures forward passes for each batch size and memory format.

    Args:
        network: The network, in evaluation mode, on the device; it is contiguous afterwards.
        shape: Height and width of the images.
        device: Device to run on.
        batches: Batch sizes.
        repeats: Timed passes of each, at least 2.
        warmup: Untimed passes before them.
        notify: Receives a message before each step.

    Raises:
        UserError: A batch does not fit into the device's memory.
    """
    results = []
    for number, (batch, layout) in enumerate([(batch, layout) for batch in batches for layout in LAYOUTS], start=1):
        step = f"{number} of {len(batches) * len(LAYOUTS)}"
        notify(f"latency {step}: batch {batch}, {layout}, {warmup} + {repeats} passes")
        generator = torch.Generator().manual_seed(0)
        images = torch.randn(batch, 3, *shape, generator=generator).to(device, memory_format=LAYOUTS[layout])
        network.to(memory_format=LAYOUTS[layout])  # type: ignore[call-overload]
        try:
            with progress_bar(f"latency {step}", warmup + repeats) as advance:
                times = time_forward(network, images, repeats, warmup, lambda: advance(1))
        except torch.cuda.OutOfMemoryError:
            raise UserError(f"--batch {batch} with images of {shape[0]}x{shape[1]} does not fit on {device}") from None
        finally:
            network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        lower, median, upper = statistics.quantiles(times, n=4, method="inclusive")
        results.append(Latency(batch, layout, median, lower, upper))
    return results
