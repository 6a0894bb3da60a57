"""An epoch whose steps can be interleaved with those of other candidates."""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from relnas_mm.evaluators.execution.stream import PLAIN, ExecutionStream
from relnas_mm.evaluators.training import Batches, EpochMetrics, Step


class StreamedEpoch:
    """One epoch over batches on a stream; synchronizes only when its results are read.

    Args:
        network: The network.
        step: Its `training_step` or `evaluation_step`.
        training: Whether `step` is a training step.
        stream: Stream that executes the steps.
        generators: Random generators that the network uses, besides PyTorch's default one.
    """

    def __init__(
        self,
        network: nn.Module,
        step: Step,
        training: bool,
        stream: ExecutionStream = PLAIN,
        generators: Sequence[torch.Generator] = (),
    ):
        self._network, self.training, self._stream = network, training, stream
        self._step = stream.prepare(step, generators)
        self._metrics = EpochMetrics(mean_losses=training)

    def expect(self, batches: Batches) -> None:
        """Captures the step for these batches' shapes if the stream captures steps (`PreparedStep.expect`)."""
        if not self._stream.records:
            return
        self._network.train(self.training)
        for images, labels in batches:
            self._step.expect(images, labels)

    def steps(self, batches: Batches) -> Iterator[None]:
        """Executes, or queues, one step per item."""
        self._network.train(self.training)
        batches = iter(batches)
        while True:
            with self._stream.entered():
                batch = next(batches, None)
                if batch is None:
                    return
                self._metrics.add(self._step(*batch), len(batch[1]))
            self._stream.throttle()
            yield

    def means(self) -> tuple[float, float]:
        """Synchronizes, and returns mean loss and accuracy in percent."""
        with self._stream.entered():
            return self._metrics.means()

    def run(self, batches: Batches) -> tuple[float, float]:
        """Runs the whole epoch, and returns mean loss and accuracy in percent."""
        for _ in self.steps(batches):
            pass
        return self.means()
