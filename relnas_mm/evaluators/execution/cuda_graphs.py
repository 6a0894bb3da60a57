"""Steps captured as CUDA graphs and replayed on a candidate's own stream."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor

from relnas_mm.evaluators.execution.stream import ExecutionStream, PreparedStep
from relnas_mm.evaluators.training import Step

Record = Callable[[Callable[[], Tensor]], Callable[[], Tensor]]
"""Captures the kernels that a function launches; calling the result replays them."""

QUEUED = 8
"""Largest number of queued steps of a stream."""


class GraphStream(ExecutionStream):
    """Replays captured steps on a CUDA stream; all its graphs share one memory pool.

    Args:
        device: A CUDA device.
    """

    records = True

    def __init__(self, device: torch.device | None = None):
        super().__init__(device)
        # Two streams: the next candidate's graphs are captured while the current ones are replayed.
        self._stream, self._recorder = torch.cuda.Stream(self.device), torch.cuda.Stream(self.device)
        self._memory = torch.cuda.graph_pool_handle()
        self._queued: deque[torch.cuda.Event] = deque()
        with self.recording():  # the pool lives as long as one graph uses it
            self._keeper, _ = _capture(lambda: torch.zeros(1, device=self.device), self._memory, ())

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Context in which work is queued on this stream, after all work of the surrounding stream."""
        if torch.cuda.current_stream(self.device) == self._stream:
            yield
            return
        self._stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._stream):
            yield

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Context, for any thread, in which steps are captured; synchronizes at its end."""
        with torch.cuda.stream(self._recorder):
            yield
        self._recorder.synchronize()

    def throttle(self) -> None:
        """Waits until few steps are queued: a full launch queue would block all threads that use the device."""
        event = torch.cuda.Event(blocking=True)
        event.record(self._stream)
        self._queued.append(event)
        if len(self._queued) > QUEUED:
            self._queued.popleft().synchronize()

    def prepare(self, step: Step, generators: Sequence[torch.Generator] = ()) -> "RecordedStep":
        """Wraps a step so that it is captured once per batch shape and replayed.

        Args:
            step: The step.
            generators: Random generators that it uses, besides PyTorch's default one.
        """

        def record(function: Callable[[], Tensor]) -> Callable[[], Tensor]:
            with self.recording():
                graph, output = _capture(function, self._memory, generators)

            def replay() -> Tensor:
                graph.replay()
                return output.clone()

            return replay

        return RecordedStep(step, record)


def _capture(
    function: Callable[[], Tensor], memory: Any, generators: Sequence[torch.Generator]
) -> tuple[torch.cuda.CUDAGraph, Tensor]:
    """Captures on the current stream.

    `torch.cuda.graph` would synchronize and empty the memory cache each time.  Only the relaxed mode allows kernels to
    be compiled and loaded during capture, and other threads to use the device.
    """
    graph = torch.cuda.CUDAGraph()
    for generator in generators:
        graph.register_generator_state(generator)
    graph.capture_begin(pool=memory, capture_error_mode="relaxed")
    try:
        output = function()
    except BaseException:
        with suppress(RuntimeError):  # the first error is the one to report
            graph.capture_end()
        raise
    graph.capture_end()
    return graph, output


class RecordedStep(PreparedStep):
    """A step that is captured once per batch shape and replayed.

    An unexpected shape runs eagerly the first time and is captured the second.  All tensors that the step uses besides
    its batch must exist before the capture.

    Args:
        step: The step.
        record: Captures a function.
    """

    def __init__(self, step: Step, record: Record):
        super().__init__(step)
        self._record = record
        self._seen: set[torch.Size] = set()
        self._recorded: dict[torch.Size, tuple[tuple[Tensor, Tensor], Callable[[], Tensor]]] = {}

    def expect(self, images: Tensor, labels: Tensor) -> None:
        """Captures the step for batches of this shape, with these tensors as its static inputs; nothing is computed."""
        batch = images, labels
        self._recorded[images.shape] = batch, self._record(lambda: self._step(*batch))

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        shape = images.shape
        if shape not in self._recorded:
            if shape not in self._seen:
                self._seen.add(shape)
                return self._step(images, labels)
            self.expect(images.clone(), labels.clone())
        static_inputs, replay = self._recorded[shape]
        for static_input, value in zip(static_inputs, (images, labels)):
            static_input.copy_(value)
        return replay()
