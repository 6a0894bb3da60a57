"""Steps recorded as CUDA graphs and replayed on a stream of their own, beside those of other candidates."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import Tensor

from relnas_mm.evaluators.execution.stream import ExecutionStream, PreparedStep
from relnas_mm.evaluators.training import Step

Record = Callable[[Callable[[], Tensor]], Callable[[], Tensor]]
"""Records the kernels that a function without arguments starts; they run when the result is called."""

QUEUED = 8
"""So many steps of a stream wait for the device; they keep it busy while others are queued."""


class GraphStream(ExecutionStream):
    """Queues recorded steps on a CUDA stream, with memory that all its graphs share, one after the other.

    Args:
        device: A CUDA device.
    """

    records = True

    def __init__(self, device: torch.device | None = None):
        super().__init__(device)
        # Two streams: one candidate's graphs are replayed while those of the next one are recorded.
        self._stream, self._recorder = torch.cuda.Stream(self.device), torch.cuda.Stream(self.device)
        self._memory = torch.cuda.graph_pool_handle()
        self._queued: deque[torch.cuda.Event] = deque()
        with self.recording():  # the memory is kept as long as one graph uses it
            self._keeper, _ = _capture(lambda: torch.zeros(1, device=self.device), self._memory, ())

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A context: what is queued in it comes after all that the device had to do for the stream around it."""
        if torch.cuda.current_stream(self.device) == self._stream:
            yield
            return
        self._stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._stream):
            yield

    @contextmanager
    def recording(self) -> Iterator[None]:
        """A context in which steps are recorded, in any thread; what is made in it is there when it ends."""
        with torch.cuda.stream(self._recorder):
            yield
        self._recorder.synchronize()

    def throttle(self) -> None:
        """Waits until only few steps are queued: a full queue would hold up all other threads that use the device."""
        event = torch.cuda.Event(blocking=True)
        event.record(self._stream)
        self._queued.append(event)
        if len(self._queued) > QUEUED:
            self._queued.popleft().synchronize()

    def prepare(self, step: Step, generators: Sequence[torch.Generator] = ()) -> "RecordedStep":
        """The step, recorded for each size of batch and replayed.

        Args:
            step: The step.
            generators: Those that it draws from, beside PyTorch's own.
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
    """Records on the current stream.

    `torch.cuda.graph` would wait for the device and give its free memory back each time.  Kernels may be compiled and
    loaded meanwhile, and other threads may work, which only the relaxed mode allows.
    """
    graph = torch.cuda.CUDAGraph()
    for generator in generators:
        graph.register_generator_state(generator)
    graph.capture_begin(pool=memory, capture_error_mode="relaxed")
    try:
        output = function()
    except BaseException:
        with suppress(RuntimeError):  # what went wrong first is what counts
            graph.capture_end()
        raise
    graph.capture_end()
    return graph, output


class RecordedStep(PreparedStep):
    """A step that is recorded for each size of batch, and replayed.

    A size that was not expected runs as it is the first time, and is recorded when it comes again.  What the step
    reads and changes besides its batch must exist by then.

    Args:
        step: The step.
        record: Records it.
    """

    def __init__(self, step: Step, record: Record):
        super().__init__(step)
        self._record = record
        self._seen: set[torch.Size] = set()
        self._recorded: dict[torch.Size, tuple[tuple[Tensor, Tensor], Callable[[], Tensor]]] = {}

    def expect(self, images: Tensor, labels: Tensor) -> None:
        """Records the step for batches like this one, which is kept; nothing runs."""
        batch = images, labels
        self._recorded[images.shape] = batch, self._record(lambda: self._step(*batch))

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        shape = images.shape
        if shape not in self._recorded:
            if shape not in self._seen:
                self._seen.add(shape)
                return self._step(images, labels)
            self.expect(images.clone(), labels.clone())
        batch, replay = self._recorded[shape]
        for own, given in zip(batch, (images, labels)):
            own.copy_(given)
        return replay()
