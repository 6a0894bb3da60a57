"""Trains and evaluates one candidate of a supernet."""

import time
from collections.abc import Iterator
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
from relnas_mm.evaluators.training import Batches, TrainConfig, evaluation_step, recalibrate, training_step
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
        precision = partial(execution.precision, device)
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

    def steps(self, training: Batches, validation: Batches, statistics: Batches = ()) -> Iterator[None]:
        """Runs an epoch of training and one of evaluation, one step per item.

        Args:
            training: Training batches.
            validation: Validation batches.
            statistics: Batches from which the statistics of normalizations are computed anew, if there are any.
        """
        self._start = time.perf_counter()
        yield from self.train(training)
        trained = {}
        if self._scoring.replaces_weights:
            with self._stream.entered():
                trained = {name: tensor.clone() for name, tensor in self._state.items()}
                self._replace_weights(statistics)
        if self._fuses:  # for speed; the tensors of `_state` do not change
            fuse_conv_bn(self.network.eval())
        yield from self._evaluation.steps(validation)
        with self._stream.entered():
            for name, tensor in trained.items():
                self._state[name].copy_(tensor)

    def train(self, batches: Batches) -> Iterator[None]:
        """Runs the training steps, one per item."""
        decay = self._scoring.ema_decay
        if decay is None:
            yield from self._training.steps(batches)
            return
        weights: list[Tensor | nn.Parameter] = [parameter.detach() for _, parameter in self._named]
        self._average = [weight.clone() for weight in weights]
        update = get_ema_multi_avg_fn(decay)
        for _ in self._training.steps(batches):
            with self._stream.entered():
                update(self._average, weights, 0)
            yield

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
        (train_loss, _), (loss, accuracy) = self._training.means(), self._evaluation.means()
        metrics = {
            "accuracy": accuracy,
            "train_loss": train_loss,
            "search_params": sum(parameter.numel() for _, parameter in self._named),
            "seconds": (time.perf_counter() - self._start) / concurrent,
        }
        return Evaluation(loss, metrics)

    def state_dict(self, momentum: bool) -> dict[str, Tensor]:
        """The trained weights, with the momentum of each parameter if `momentum` is set."""
        momenta = {_MOMENTUM + name: self._momentum(parameter) for name, parameter in self._named if momentum}
        return self._state | momenta

    def _momentum(self, parameter: Tensor) -> Tensor:
        return self.optimizer.state[parameter]["momentum_buffer"]
