"""Scores of candidates that share nothing: each is trained from its own initial weights, for a few epochs."""

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from relnas_mm.datasets.arrays import Augmentation, ImageArrays, epoch_batches, load_images, split_for_search
from relnas_mm.errors import UserError
from relnas_mm.evaluators.candidate_network import CandidateNetwork
from relnas_mm.evaluators.evaluator import Evaluation
from relnas_mm.evaluators.memory import names_fitting_batch
from relnas_mm.evaluators.slots import separate_slots
from relnas_mm.evaluators.training import Recipe, score, train_one_pass
from relnas_mm.evaluators.weight_set import NetworkShape
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.strategies import Candidate, Group


class StandAloneEvaluator:
    """Trains each candidate from scratch; the learning rate falls by a cosine over its own epochs.

    Args:
        data: Arguments of `load_images`.
        epochs: Passes over the training part, at least 1.
        network: Fields of `NetworkShape` that the data do not decide: init_channels, num_cells.
        training: Fields of `Recipe`.
        augmentation: Fields of `Augmentation`, for the training part; the validation part is not augmented.
        train_portion: Share of the training images that trains; the rest compares.
        seed: Seed of the split, of initial weights and of all draws.
        device: Where to train.

    Raises:
        UserError: The data cannot be read, or a value is out of range.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        epochs: int = 1,
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        augmentation: Mapping[str, Any] | None = None,
        train_portion: float = 0.5,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        if epochs < 1:
            raise UserError(f"epochs of StandAloneEvaluator is {epochs!r}; it must be at least 1")
        self.recipe, self.augmentation = Recipe(**training or {}), Augmentation(**augmentation or {})
        self.epochs, self.seed, self.device = epochs, seed, torch.device(device)
        images = load_images(**data)
        halves = split_for_search(images, seed, train_portion)
        self.train_data, self.validation_data = (half.to(self.device) for half in halves)
        self.shape = NetworkShape(**network or {}, num_classes=len(images.classes), in_channels=images.images.shape[1])

    def evaluate(self, group: Group) -> list[Evaluation]:
        """Trains and scores each candidate.

        Raises:
            UserError: The device has too little memory; the sentence names a batch size that fits.
        """
        return [self._train_and_score(candidate, group.generation) for candidate in group.candidates]

    def state_dict(self) -> dict[str, Tensor]:
        """Nothing: what a candidate learns is forgotten."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Nothing to do."""

    def _train_and_score(self, candidate: Candidate, generation: int) -> Evaluation:
        start, address = time.perf_counter(), (generation, candidate.number)
        train_loss = math.nan
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(stream_seed(self.seed, "weights", *address))
            network = CandidateNetwork(candidate.architecture, self.shape, separate_slots)
            network.to(self.device, memory_format=self.recipe.memory_format)  # type: ignore[call-overload]
            optimizer = self.recipe.optimizer(list(network.parameters()), 0.0)
            with names_fitting_batch(candidate, network, self.train_data, self.recipe.batch_size):
                for epoch in range(self.epochs):
                    progress = epoch / self.epochs
                    optimizer.param_groups[0]["lr"] = self.recipe.lr_at(progress)
                    network.drop_path_rate = self.recipe.drop_path_at(progress)
                    batches = self._batches(self.train_data, torch_stream(self.seed, f"training {epoch}", *address))
                    train_loss = train_one_pass(network, optimizer, batches, self.recipe.clip)
        loss, accuracy = score(network, self._batches(self.validation_data, None))
        metrics = {"accuracy": accuracy, "train_loss": train_loss, "seconds": time.perf_counter() - start}
        return Evaluation(loss, metrics)

    def _batches(self, data: ImageArrays, generator: torch.Generator | None) -> Iterator[tuple[Tensor, Tensor]]:
        return epoch_batches(data, self.recipe.batch_size, generator, self.augmentation, self.recipe.memory_format)
