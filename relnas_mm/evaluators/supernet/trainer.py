"""Trains and evaluates one candidate of a supernet."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from relnas_mm.evaluators.base import Evaluation
from relnas_mm.evaluators.execution import ExecutionConfig, ExecutionStream, StreamedEpoch
from relnas_mm.evaluators.supernet.family import Subnet
from relnas_mm.evaluators.supernet.scoring import ScoringConfig
from relnas_mm.evaluators.supernet.shared_weights import SharedWeights
from relnas_mm.evaluators.supernet.sizes import WeightsOfSize
from relnas_mm.evaluators.training import (
    Batches,
    TrainConfig,
    evaluation_step,
    image_losses,
    recalibrate,
    training_step,
)
from relnas_mm.networks.fuse import fuse_conv_bn

_MOMENTUM = "momentum/"


class CandidateTrainer:
    """Trains and evaluates a candidate on a copy of the shared weights, once: evaluation may fuse its layers.

    Args:
        network: Its network, possibly on the meta device, as the shared weights replace initial ones.
        weights: The shared weights, for their names and device.
        config: Training settings.
        execution: Execution settings.
        progress: Elapsed fraction of the search, 0 to 1.
        stream: Stream that executes the steps.
        drop_path_seed: Seed of drop path; `None` uses PyTorch's default generator.
        scoring: Options of the score.
    """

    def __init__(
        self,
        network: Subnet,
        weights: SharedWeights | WeightsOfSize,
        config: TrainConfig,
        execution: ExecutionConfig,
        progress: float,
        stream: ExecutionStream,
        drop_path_seed: int | None = None,
        scoring: ScoringConfig | None = None,
    ):
        self._scoring = scoring or ScoringConfig()
        exact, device = network.backend.exact, weights.device
        self.network = network.to_empty(device=device)
        self.network.to(memory_format=execution.memory_format)  # type: ignore[call-overload]
        self.network.drop_path_rate = config.drop_path_at(progress)
        generators = []
        if drop_path_seed is not None:
            generators = [torch.Generator(device).manual_seed(drop_path_seed)]
            self.network.drop_path_generator = generators[0]
        self._named = weights.ordered(self.network)
        fused = device.type == "cuda" and not exact
        self.optimizer = config.optimizer([parameter for _, parameter in self._named], progress, fused)
        for _, parameter in self._named:  # zeros are equivalent to no buffer, and exist before steps are captured
            self.optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        self._precision = precision = partial(execution.precision, device)
        step = training_step(self.network, self.optimizer, config.grad_clip, precision)
        self._stream, self._average = stream, list[Tensor | nn.Parameter]()
        self._training = StreamedEpoch(self.network, step, True, stream, generators)
        self._evaluation = StreamedEpoch(self.network, evaluation_step(self.network, precision), False, stream)
        self._fuses = not exact and device.type == "cpu"
        self._state = self.network.state_dict()
        self._start = 0.0

    def expect(self, training: Batches, validation: Batches) -> None:
        """Prepares the steps for batches of these shapes; may keep the tensors."""
        self._training.expect(training)
        self._evaluation.expect(validation)

    def load(self, weights: SharedWeights | WeightsOfSize) -> None:
        """Copies the shared weights, and shared momenta if there are any."""
        weights.copy_into(self._state)
        momenta = {_MOMENTUM + name: self._momentum(parameter) for name, parameter in self._named}
        weights.copy_into({name: buffer for name, buffer in momenta.items() if name in weights})
        if self._scoring.ema_decay is not None:
            self._average = [parameter.detach().clone() for _, parameter in self._named]
        self._start = time.perf_counter()

    def steps(self, training: Batches, validation: Batches, statistics: Batches = ()) -> Iterator[None]:
        """Runs an epoch of training and one of evaluation, one step per item.

        Args:
            training: Training batches.
            validation: Validation batches.
            statistics: Batches from which the statistics of normalizations are computed anew, if there are any.
        """
        self._start = time.perf_counter()
        yield from self.train(training)
        with self._weights_to_score(statistics):
            if self._fuses:  # for speed; the tensors of `_state` do not change
                fuse_conv_bn(self.network.eval())
            yield from self._evaluation.steps(validation)

    def train(self, batches: Batches) -> Iterator[None]:
        """Runs the training steps, one per item."""
        decay = self._scoring.ema_decay
        if decay is None:
            yield from self._training.steps(batches)
            return
        weights: list[Tensor | nn.Parameter] = [parameter.detach() for _, parameter in self._named]
        update = get_ema_multi_avg_fn(decay)
        for _ in self._training.steps(batches):
            with self._stream.entered():
                update(self._average, weights, 0)
            yield

    def losses(self, validation: Batches, statistics: Batches = ()) -> tuple[Tensor, Tensor]:
        """Losses of images, and whether they are classified correctly, each (n,); the candidate may train on.

        Args:
            validation: Validation batches.
            statistics: As for `steps`.
        """
        with self._weights_to_score(statistics):
            return image_losses(self.network, validation, self._precision)

    @contextmanager
    def _weights_to_score(self, statistics: Batches) -> Iterator[None]:
        """Context in which the network has the weights and statistics that are scored."""
        if not self._scoring.replaces_weights:
            yield
            return
        with self._stream.entered():
            trained = {name: tensor.clone() for name, tensor in self._state.items()}
            self._replace_weights(statistics)
        yield
        with self._stream.entered():
            for name, tensor in trained.items():
                self._state[name].copy_(tensor)

    @torch.no_grad()
    def _replace_weights(self, statistics: Batches) -> None:
        for (_, parameter), average in zip(self._named, self._average):
            parameter.copy_(average)
        if self._scoring.recalibration_batches:
            rate, self.network.drop_path_rate = self.network.drop_path_rate, 0.0
            recalibrate(self.network, statistics)
            self.network.drop_path_rate = rate

    def evaluation(self, concurrent: int = 1) -> Evaluation:
        """Synchronizes, and returns the result of the steps.

        Args:
            concurrent: Number of candidates that shared the device, by which the elapsed time is divided.
        """
        loss, accuracy = self._evaluation.means()
        return self.scored(loss, accuracy, {}, concurrent)

    def scored(self, loss: float, accuracy: float, further: Mapping[str, float], concurrent: int = 1) -> Evaluation:
        """The result of the training steps so far, with a validation loss and accuracy.

        Args:
            loss: Validation loss.
            accuracy: Validation accuracy in percent.
            further: Other metrics.
            concurrent: As for `evaluation`.
        """
        metrics = {
            "accuracy": accuracy,
            "train_loss": self._training.means()[0],
            "search_params": sum(parameter.numel() for _, parameter in self._named),
            "seconds": (time.perf_counter() - self._start) / concurrent,
        }
        return Evaluation(loss, {**metrics, **further})

    def state_dict(self, momentum: bool) -> dict[str, Tensor]:
        """The trained weights, with the momentum of each parameter if `momentum` is set."""
        momenta = {_MOMENTUM + name: self._momentum(parameter) for name, parameter in self._named if momentum}
        return self._state | momenta

    def _momentum(self, parameter: Tensor) -> Tensor:
        return self.optimizer.state[parameter]["momentum_buffer"]
