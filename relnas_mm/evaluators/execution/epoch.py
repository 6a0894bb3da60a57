"""An epoch whose steps can be interleaved with those of other candidates."""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from relnas_mm.evaluators.execution.stream import PLAIN, ExecutionStream
from relnas_mm.evaluators.training import Batches, EpochMetrics, Step


class StreamedEpoch:
    """One epoch over batches on a stream; nothing waits for the device before its results are asked for.

    Args:
        network: What works.
        step: `training_step` or `evaluation_step` of it.
        training: Which of the two.
        stream: Where the steps are carried out.
        generators: What the network draws from, beside PyTorch's own generator.
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
        """Gets the step ready for batches of such sizes, where the stream records; the examples are kept."""
        if not self._stream.records:
            return
        self._network.train(self.training)
        for images, labels in batches:
            self._step.expect(images, labels)

    def steps(self, batches: Batches) -> Iterator[None]:
        """Carries out, or queues, one step each time that it is asked for the next one."""
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
        """Waits for the device, and gives mean loss, and accuracy in percent."""
        with self._stream.entered():
            return self._metrics.means()

    def run(self, batches: Batches) -> tuple[float, float]:
        """The whole epoch at once."""
        for _ in self.steps(batches):
            pass
        return self.means()
