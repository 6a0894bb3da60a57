"""One candidate at work: its network, its optimizer, and what it hands back."""

import time
from collections.abc import Iterator

import torch
from torch import Tensor

from relnas_mm.cells import Slots
from relnas_mm.cells.fold import fold_normalizations
from relnas_mm.evaluators.candidate_network import CandidateNetwork
from relnas_mm.evaluators.evaluator import Evaluation
from relnas_mm.evaluators.execution import Lane
from relnas_mm.evaluators.shared_weights import SharedWeights
from relnas_mm.evaluators.side_by_side import Errand
from relnas_mm.evaluators.training import PLAIN, Batches, Recipe, scoring_pass, training_pass
from relnas_mm.evaluators.weight_set import NetworkShape
from relnas_mm.genotype import Genotype

_MOMENTUM = "momentum/"


class Learner:
    """A candidate whose weights are copies of the shared ones, once they are loaded; before, it can be got ready.

    It works once: what it was scored with need not be what can be trained any more.

    Args:
        genotype: The cells.
        shape: The network around them.
        slots: Numbers the operations in the weight set.
        weights: The shared weights, for their names and device.
        recipe: Settings of the training.
        progress: Share of the search that lies behind, from 0 to 1.
        lane: Where its steps are queued.
        drop_path_seed: Of what drop path draws; `None` leaves that to PyTorch's own generator.
    """

    def __init__(
        self,
        genotype: Genotype,
        shape: NetworkShape,
        slots: Slots,
        weights: SharedWeights,
        recipe: Recipe,
        progress: float,
        lane: Lane = PLAIN,
        drop_path_seed: int | None = None,
    ):
        with torch.device("meta"):  # its own initial weights would be thrown away
            self.network = CandidateNetwork(genotype, shape, slots, recipe.bit_exact, recipe.kernels)
        self.network.to_empty(device=weights.device)
        self.network.to(memory_format=recipe.memory_format)  # type: ignore[call-overload]
        self.network.drop_path_rate = recipe.drop_path_at(progress)
        generators = []
        if drop_path_seed is not None:
            generators = [torch.Generator(weights.device).manual_seed(drop_path_seed)]
            self.network.drop_path_generator = generators[0]
        self._named = weights.ordered(self.network)
        self.optimizer = recipe.optimizer([parameter for _, parameter in self._named], progress)
        for _, parameter in self._named:  # zeros have the effect of none, and are there when steps are recorded
            self.optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        self._training = training_pass(self.network, self.optimizer, recipe.clip, lane, generators)
        self._scoring = scoring_pass(self.network, lane)
        self._folds = not recipe.bit_exact and weights.device.type == "cpu"
        self._state = self.network.state_dict()
        self._start = 0.0

    def expect(self, training: Batches, scoring: Batches) -> None:
        """Gets its steps ready for batches of the sizes of these, which are kept."""
        self._training.expect(training)
        self._scoring.expect(scoring)

    def load(self, weights: SharedWeights) -> None:
        """Starts from the shared weights; from their momenta too, where there are some."""
        weights.copy_into(self._state)
        momenta = {_MOMENTUM + name: self._momentum(parameter) for name, parameter in self._named}
        weights.copy_into({name: own for name, own in momenta.items() if name in weights.tensors})

    def steps(self, training: Batches, scoring: Batches) -> Iterator[Errand]:
        """All steps of a pass of training and one of scoring (`Pass.steps`)."""
        self._start = time.perf_counter()
        yield from self._training.steps(training)
        if self._folds:  # cheaper to score; the weights that it learned stay what they are
            fold_normalizations(self.network.eval())
        yield from self._scoring.steps(scoring)

    def evaluation(self, at_once: int = 1) -> Evaluation:
        """Waits for the device, and gives what came of the steps.

        Args:
            at_once: How many learners shared the device; the seconds are divided among them.
        """
        (train_loss, _), (loss, accuracy) = self._training.means(), self._scoring.means()
        metrics = {
            "accuracy": accuracy,
            "train_loss": train_loss,
            "search_params": sum(parameter.numel() for _, parameter in self._named),
            "seconds": (time.perf_counter() - self._start) / at_once,
        }
        return Evaluation(loss, metrics)

    def state_dict(self, momentum: bool) -> dict[str, Tensor]:
        """What the learner made of its weights; with the momentum of each parameter, if asked for."""
        momenta = {_MOMENTUM + name: self._momentum(parameter) for name, parameter in self._named if momentum}
        return self._state | momenta

    def _momentum(self, parameter: Tensor) -> Tensor:
        return self.optimizer.state[parameter]["momentum_buffer"]
