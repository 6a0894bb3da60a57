"""How a device carries out the steps of training and scoring: precision of the arithmetic, and recorded CUDA graphs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from relnas_mm.errors import UserError

Step = Callable[[Tensor, Tensor], Tensor]
"""A step on images and labels; its result stays on the device."""

WARM_UP = 3
"""Steps before one is recorded: buffers of the optimizer and choices of kernels must exist by then."""


@dataclass(frozen=True)
class Execution:
    """Departures from plain float32 steps that are launched kernel by kernel.

    Args:
        autocast: 'bfloat16' lets PyTorch choose where it computes in that type; `None` keeps float32.
        cuda_graph: On CUDA, record one step as a graph and replay it: the same kernels, without the time that starting
            each of them takes.  No effect on other devices.

    Raises:
        UserError: The type is another one.
    """

    autocast: str | None = None
    cuda_graph: bool = False

    def __post_init__(self) -> None:
        if self.autocast not in (None, "bfloat16"):
            raise UserError(f"autocast is {self.autocast!r}; allowed are 'bfloat16' and None")

    def precision(self, device: torch.device) -> AbstractContextManager[Any]:
        """The context in which forward passes run."""
        return torch.autocast(device.type, torch.bfloat16) if self.autocast else nullcontext()

    def prepared(self, step: Step, device: torch.device) -> Step:
        """The step as it is to be called for each batch."""
        return RecordedStep(step) if self.cuda_graph and device.type == "cuda" else step


def record_cuda_graph(function: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """Records the kernels that a function without arguments starts; they run when the result is called."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = function()

    def replay() -> Tensor:
        graph.replay()
        return output.clone()

    return replay


class RecordedStep:
    """A step that runs as it is at first, and is then recorded for batches of the size seen so far.

    Batches of another size, such as the last one of a pass, always run as they are.

    Args:
        step: The step.
        record: Records a function of no arguments (`record_cuda_graph`).
    """

    def __init__(self, step: Step, record: Callable[[Callable[[], Tensor]], Callable[[], Tensor]] = record_cuda_graph):
        self._step, self._record = step, record
        self._calls = 0
        self._batch: tuple[Tensor, Tensor] | None = None
        self._replay: Callable[[], Tensor] | None = None

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        if self._batch is None:
            self._batch = torch.empty_like(images), torch.empty_like(labels)
        if images.shape != self._batch[0].shape:
            return self._step(images, labels)
        self._calls += 1
        if self._calls <= WARM_UP:
            return self._aside(images, labels)
        for static, given in zip(self._batch, (images, labels)):
            static.copy_(given)
        if self._replay is None:
            batch = self._batch
            self._replay = self._record(lambda: self._step(*batch))
        return self._replay()

    def _aside(self, images: Tensor, labels: Tensor) -> Tensor:
        """Runs the step on another stream, as recording wants it of those before."""
        if images.device.type != "cuda":
            return self._step(images, labels)
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            result = self._step(images, labels)
        torch.cuda.current_stream().wait_stream(stream)
        return result
