"""Where the steps of one candidate are carried out: here at once, by the thread that asks for them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from relnas_mm.evaluators.training import Step


class ExecutionStream:
    """Carries steps out at once; the base of streams that queue them.

    Args:
        device: The device.

    Attributes:
        records: Whether steps are recorded, and thus have to know their batches' sizes beforehand.
    """

    records = False

    def __init__(self, device: torch.device | None = None):
        self.device = device or torch.device("cpu")

    def entered(self) -> AbstractContextManager[None]:
        """A context: what is queued in it comes after all that the device had to do for the stream around it."""
        return nullcontext()

    def recording(self) -> AbstractContextManager[None]:
        """A context in which steps are recorded, in any thread; what is made in it is there when it ends."""
        return nullcontext()

    def throttle(self) -> None:
        """Waits until only few steps are queued."""

    def prepare(self, step: Step, generators: Sequence[torch.Generator] = ()) -> "PreparedStep":
        """The step as it is to be called for each batch.

        Args:
            step: The step.
            generators: Those that it draws from, beside PyTorch's own.
        """
        return PreparedStep(step)


class PreparedStep:
    """A step as a stream carries it out: here by calling it.

    Args:
        step: The step.
    """

    def __init__(self, step: Step):
        self._step = step

    def expect(self, images: Tensor, labels: Tensor) -> None:
        """Gets ready for batches like this one, which is kept; nothing runs."""

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        return self._step(images, labels)


PLAIN = ExecutionStream()
