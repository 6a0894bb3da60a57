"""One candidate at work: its network, its optimizer, and what it hands back."""

import torch
from torch import Tensor

from relnas_mm.cells import Slots
from relnas_mm.evaluators.candidate_network import CandidateNetwork
from relnas_mm.evaluators.shared_weights import SharedWeights
from relnas_mm.evaluators.training import Recipe
from relnas_mm.evaluators.weight_set import NetworkShape
from relnas_mm.genotype import Genotype

_MOMENTUM = "momentum/"


class Learner:
    """A candidate with copies of the shared weights that it uses.

    Args:
        genotype: The cells.
        shape: The network around them.
        slots: Numbers the operations in the weight set.
        weights: The shared weights; not changed.
        recipe: Settings of the training.
        progress: Share of the search that lies behind, from 0 to 1.
    """

    def __init__(
        self,
        genotype: Genotype,
        shape: NetworkShape,
        slots: Slots,
        weights: SharedWeights,
        recipe: Recipe,
        progress: float,
    ):
        with torch.device("meta"):  # its own initial weights would be thrown away
            self.network = CandidateNetwork(genotype, shape, slots, recipe.bit_exact, recipe.kernels)
        weights.load_into(self.network)
        self.network.to(memory_format=recipe.memory_format)  # type: ignore[call-overload]
        self.network.drop_path_rate = recipe.drop_path_at(progress)
        self._named = weights.ordered(self.network)
        self.optimizer = recipe.optimizer([parameter for _, parameter in self._named], progress)
        for name, parameter in self._named:  # only there with `fresh_optimizer=False`
            if (momentum := weights.tensors.get(_MOMENTUM + name)) is not None:
                self.optimizer.state[parameter]["momentum_buffer"] = momentum.clone()

    def state_dict(self, momentum: bool) -> dict[str, Tensor]:
        """What the learner made of its weights; with the momentum of each parameter, if asked for."""
        state = self.network.state_dict()
        if momentum:
            for name, parameter in self._named:
                if (buffer := self.optimizer.state[parameter].get("momentum_buffer")) is not None:
                    state[_MOMENTUM + name] = buffer
        return state
