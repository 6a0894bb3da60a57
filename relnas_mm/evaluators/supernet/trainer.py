"""One candidate at work: its network, its optimizer, and what it hands back."""

import time
from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from relnas_mm.evaluators.base import Evaluation
from relnas_mm.evaluators.execution import ExecutionConfig, ExecutionStream, StreamedEpoch
from relnas_mm.evaluators.supernet.shared_weights import SharedWeights
from relnas_mm.evaluators.training import Batches, TrainConfig, evaluation_step, training_step
from relnas_mm.networks import CellNetwork
from relnas_mm.networks.fuse import fuse_conv_bn

_MOMENTUM = "momentum/"


class CandidateTrainer:
    """Trains and scores a candidate whose weights are copies of the shared ones, once they are loaded.

    It works once: what it was scored with need not be what can be trained any more.

    Args:
        network: Its network; initial weights do not matter, so it may be on the meta device.
        weights: The shared weights, for their names and device.
        config: Settings of the training.
        execution: How it is carried out.
        progress: Share of the search that lies behind, from 0 to 1.
        stream: Where its steps are carried out.
        drop_path_seed: Of what drop path draws; `None` leaves that to PyTorch's own generator.
    """

    def __init__(
        self,
        network: CellNetwork,
        weights: SharedWeights,
        config: TrainConfig,
        execution: ExecutionConfig,
        progress: float,
        stream: ExecutionStream,
        drop_path_seed: int | None = None,
    ):
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
        for _, parameter in self._named:  # zeros have the effect of none, and are there when steps are recorded
            self.optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        precision = partial(execution.precision, device)
        step = training_step(self.network, self.optimizer, config.grad_clip, precision)
        self._training = StreamedEpoch(self.network, step, True, stream, generators)
        self._evaluation = StreamedEpoch(self.network, evaluation_step(self.network, precision), False, stream)
        self._fuses = not exact and device.type == "cpu"
        self._state = self.network.state_dict()
        self._start = 0.0

    def expect(self, training: Batches, validation: Batches) -> None:
        """Gets its steps ready for batches of the sizes of these, which are kept."""
        self._training.expect(training)
        self._evaluation.expect(validation)

    def load(self, weights: SharedWeights) -> None:
        """Starts from the shared weights; from their momenta too, where there are some."""
        weights.copy_into(self._state)
        momenta = {_MOMENTUM + name: self._momentum(parameter) for name, parameter in self._named}
        weights.copy_into({name: own for name, own in momenta.items() if name in weights.tensors})

    def steps(self, training: Batches, validation: Batches) -> Iterator[None]:
        """An epoch of training and one of evaluation, a step each time that the next item is asked for."""
        self._start = time.perf_counter()
        yield from self._training.steps(training)
        if self._fuses:  # cheaper to evaluate; the weights that it learned stay what they are
            fuse_conv_bn(self.network.eval())
        yield from self._evaluation.steps(validation)

    def evaluation(self, at_once: int = 1) -> Evaluation:
        """Waits for the device, and gives what came of the steps.

        Args:
            at_once: How many candidates shared the device; the seconds are divided among them.
        """
        (train_loss, _), (loss, accuracy) = self._training.means(), self._evaluation.means()
        metrics = {
            "accuracy": accuracy,
            "train_loss": train_loss,
            "search_params": sum(parameter.numel() for _, parameter in self._named),
            "seconds": (time.perf_counter() - self._start) / at_once,
        }
        return Evaluation(loss, metrics)

    def state_dict(self, momentum: bool) -> dict[str, Tensor]:
        """What the candidate made of its weights; with the momentum of each parameter, if asked for."""
        momenta = {_MOMENTUM + name: self._momentum(parameter) for name, parameter in self._named if momentum}
        return self._state | momenta

    def _momentum(self, parameter: Tensor) -> Tensor:
        return self.optimizer.state[parameter]["momentum_buffer"]
