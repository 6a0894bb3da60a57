"""How a device carries out the steps of training and scoring: precision, recorded CUDA graphs, streams."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from relnas_mm.errors import UserError
from relnas_mm.evaluators.kept_memory import kept_memory

Step = Callable[[Tensor, Tensor], Tensor]
"""A step on images and labels; its result stays on the device."""
Record = Callable[[Callable[[], Tensor]], Callable[[], Tensor]]
"""Records the kernels that a function without arguments starts; they run when the result is called."""

CPU = torch.device("cpu")
QUEUED = 8
"""So many steps of a lane wait for the device; they keep it busy while others are queued."""


@dataclass(frozen=True)
class Execution:
    """Departures from plain float32 steps that are launched kernel by kernel.

    Args:
        autocast: 'bfloat16' lets PyTorch choose where it computes in that type; `None` keeps float32.
        cuda_graph: On CUDA, record one step as a graph and replay it: the same kernels, without the time that starting
            each of them takes.  No effect on other devices.
        streams: How many learners work side by side: on CUDA with `cuda_graph`, each on a stream of its own, with no
            effect on results; on CPUs each in a thread with its share of the cores, which changes the last digits.
        keep_memory: On CPUs, memory that a step frees stays with the process while learners work.  No effect on
            results.

    Raises:
        UserError: The type is another one, or there is no stream.
    """

    autocast: str | None = None
    cuda_graph: bool = False
    streams: int = 1
    keep_memory: bool = False

    def __post_init__(self) -> None:
        if self.autocast not in (None, "bfloat16"):
            raise UserError(f"autocast is {self.autocast!r}; allowed are 'bfloat16' and None")
        if self.streams < 1:
            raise UserError(f"streams is {self.streams!r}; it must be at least 1")

    def lanes(self, device: torch.device) -> "list[Lane]":
        """Where learners can work side by side."""
        most = self.streams if self.records_on(device) else 1
        if device.type == "cpu":
            most = min(self.streams, torch.get_num_threads())
        return [Lane(self, device) for _ in range(most)]

    def memory(self, device: torch.device) -> AbstractContextManager[None]:
        """The context in which learners work."""
        return kept_memory(self.keep_memory and device.type == "cpu")

    def records_on(self, device: torch.device) -> bool:
        """Whether steps are recorded on a device."""
        return self.cuda_graph and device.type == "cuda"


class Lane:
    """Where the steps of one learner are queued.

    Args:
        execution: Precision, and whether steps are recorded: then they run on a stream of their own, with memory that
            all graphs of the lane share, one after the other.
        device: The device.
    """

    def __init__(self, execution: Execution = Execution(), device: torch.device = CPU):
        self._execution, self._device = execution, device
        self.records = execution.records_on(device)
        if self.records:
            # Two streams: one learner's graphs are replayed while those of the next one are recorded.
            self._stream, self._recorder = torch.cuda.Stream(device), torch.cuda.Stream(device)
            self._memory = torch.cuda.graph_pool_handle()
            self._queued: deque[torch.cuda.Event] = deque()
            with self.recording():  # the memory is kept as long as one graph uses it
                self._keeper, _ = _capture(lambda: torch.zeros(1, device=device), self._memory, ())

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A context: what is queued in it comes after all that the device had to do for the stream around it."""
        if not self.records or torch.cuda.current_stream(self._device) == self._stream:
            yield
            return
        self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(self._stream):
            yield

    @contextmanager
    def recording(self) -> Iterator[None]:
        """A context in which steps are recorded, in any thread; what is made in it is there when it ends."""
        if not self.records:
            yield
            return
        with torch.cuda.stream(self._recorder):
            yield
        self._recorder.synchronize()

    def throttle(self) -> None:
        """Waits until only few steps are queued: a full queue would hold up all other threads that use the device."""
        if not self.records:
            return
        event = torch.cuda.Event(blocking=True)
        event.record(self._stream)
        self._queued.append(event)
        if len(self._queued) > QUEUED:
            self._queued.popleft().synchronize()

    def precision(self) -> AbstractContextManager[Any]:
        """The context in which forward passes run."""
        kind = self._execution.autocast
        return torch.autocast(self._device.type, torch.bfloat16) if kind else nullcontext()

    def prepared(self, step: Step, generators: Sequence[torch.Generator] = ()) -> Step:
        """The step as it is to be called for each batch.

        Args:
            step: The step.
            generators: Those that it draws from, beside PyTorch's own.
        """
        if not self.records:
            return step

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


class RecordedStep:
    """A step that is recorded for each size of batch, and replayed.

    A size that was not expected runs as it is the first time, and is recorded when it comes again.  What the step
    reads and changes besides its batch must exist by then.

    Args:
        step: The step.
        record: Records it.
    """

    def __init__(self, step: Step, record: Record):
        self._step, self._record = step, record
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
