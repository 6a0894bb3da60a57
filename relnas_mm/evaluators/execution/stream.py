"""Streams execute the steps of one candidate; the base class does so eagerly, in the calling thread."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from relnas_mm.evaluators.training import Step


class ExecutionStream:
    """Executes steps eagerly; base class of streams that queue them.

    Args:
        device: The device; by default the CPU.

    Attributes:
        records: Whether steps are captured, and thus need to know batch shapes beforehand.
    """

    records = False

    def __init__(self, device: torch.device | None = None):
        self.device = device or torch.device("cpu")

    def entered(self) -> AbstractContextManager[None]:
        """Context in which work is queued on this stream, after all work of the surrounding stream."""
        return nullcontext()

    def recording(self) -> AbstractContextManager[None]:
        """Context, for any thread, in which steps are captured; synchronizes at its end."""
        return nullcontext()

    def throttle(self) -> None:
        """Waits until few steps are queued."""

    def prepare(self, step: Step, generators: Sequence[torch.Generator] = ()) -> "PreparedStep":
        """Wraps a step for execution on this stream.

        Args:
            step: The step.
            generators: Random generators that it uses, besides PyTorch's default one.
        """
        return PreparedStep(step)


class PreparedStep:
    """A step wrapped by a stream; the base class calls it.

    Args:
        step: The step.
    """

    def __init__(self, step: Step):
        self._step = step

    def expect(self, images: Tensor, labels: Tensor) -> None:
        """Prepares for batches of this shape; may keep the tensors, and computes nothing."""

    def __call__(self, images: Tensor, labels: Tensor) -> Tensor:
        return self._step(images, labels)


PLAIN = ExecutionStream()
