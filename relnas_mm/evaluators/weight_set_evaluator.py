"""The evaluator of RelativeNAS: learners start from shared weights, train for one pass, and write them back."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

from relnas_mm.datasets.arrays import (
    Augmentation,
    ImageArrays,
    batch_sizes,
    epoch_batches,
    load_images,
    split_for_search,
)
from relnas_mm.errors import UserError
from relnas_mm.evaluators.ahead import LearnersAhead, Place
from relnas_mm.evaluators.candidate_network import CandidateNetwork
from relnas_mm.evaluators.evaluator import Evaluation
from relnas_mm.evaluators.execution import Lane
from relnas_mm.evaluators.footprint import Footprint, kept_bytes, size_of
from relnas_mm.evaluators.learner import Learner
from relnas_mm.evaluators.memory import names_fitting_batch
from relnas_mm.evaluators.ranks import exchanged, own_share
from relnas_mm.evaluators.shared_weights import SharedWeights
from relnas_mm.evaluators.side_by_side import Errand, carry_out
from relnas_mm.evaluators.slots import slots_of
from relnas_mm.evaluators.training import PLAIN, Recipe, recalibrate, score
from relnas_mm.evaluators.weight_set import NetworkShape, initial_weights
from relnas_mm.genotype import Genotype
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.strategies import Candidate, Group, teachers_first

Learned = tuple[Evaluation, dict[str, Tensor]]
"""What came of a candidate: its scores, and its weights."""


class WeightSetEvaluator:
    """Trains each candidate of a group from the same weights and keeps what the group learned, teacher first.

    The defaults are the released procedure; every departure from it is an argument.

    Args:
        data: Arguments of `load_images`: type, data_root, num_classes, limit, …
        network: Fields of `NetworkShape` that the data do not decide: init_channels, num_cells.
        training: Fields of `Recipe`: batch size, learning rates, drop path.
        augmentation: Fields of `Augmentation`: padding, flip, cutout.
        train_portion: Share of the training images that trains weights; the rest compares the learners.
        augment_validation: Whether the validation half is augmented too, as released.
        write_back: When the next group starts from what this one learned: after each 'group', as released, after
            every so many groups, or only after the 'generation'.
        duplicates: When a node reads one input twice by one operation, 'shared' applies one module twice, as
            released; 'separate' gives it two, as the retrained network has.
        fresh_optimizer: Whether each candidate starts without momentum, as released; else momentum is shared and
            written back as weights are.
        seed: Seed of the split, of the initial weights and of all draws.
        device: Where to train.

    Raises:
        UserError: The data cannot be read, or a value is out of range.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        augmentation: Mapping[str, Any] | None = None,
        train_portion: float = 0.5,
        augment_validation: bool = True,
        write_back: str | int = "group",
        duplicates: str = "shared",
        fresh_optimizer: bool = True,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        self.device = torch.device(device)
        self.recipe, self.augmentation = Recipe(**training or {}).on(self.device), Augmentation(**augmentation or {})
        self.augment_validation, self.fresh_optimizer = augment_validation, fresh_optimizer
        self.seed, self.slots = seed, slots_of(duplicates)
        if self.device.type == "cpu" and self.recipe.autocast and self.recipe.channels_last:
            raise UserError(
                "autocast is 'bfloat16' and channels_last True: on CPUs PyTorch's gradients of dilated depthwise "
                "convolutions are then NaN; set one of them only"
            )
        images = load_images(**data)
        halves = split_for_search(images, seed, train_portion)
        self.train_data, self.validation_data = (half.to(self.device) for half in halves)
        self.shape = NetworkShape(**network or {}, num_classes=len(images.classes), in_channels=images.images.shape[1])
        tensors = initial_weights(self.shape, seed, duplicates)
        self.weights = SharedWeights({name: value.to(self.device) for name, value in tensors.items()}, write_back)
        self.lanes = self.recipe.execution.lanes(self.device)
        self._ahead = LearnersAhead(self._ready)

    def evaluate(self, group: Group) -> list[Evaluation]:
        """Trains and scores the candidates, and writes their weights back.

        A candidate whose loss is not finite writes nothing.

        Raises:
            UserError: The device has too little memory; the sentence names a batch size that fits.
        """
        return self.evaluate_together([group])[0]

    def evaluate_together(self, groups: Sequence[Group], following: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """The same for groups that start alike, in their order; several processes divide all their candidates.

        Args:
            groups: The groups.
            following: Those that are likely to be asked for next: where steps are recorded, theirs are recorded while
                the device works.  No effect on results.

        Raises:
            UserError: As `evaluate`.
        """
        places, later = ([(group, one) for group in part for one in group.candidates] for part in (groups, following))
        own = own_share(len(places))
        work = self._all_learned([places[place] for place in own], [later[place] for place in own_share(len(later))])
        learned = iter(exchanged(dict(zip(own, work)), len(places), self.device))
        return [self._written_back(group, [next(learned) for _ in group.candidates]) for group in groups]

    def left_in_round(self, group: Group) -> int:
        """How many groups from this one on start from the same weights, and so may be evaluated together."""
        return self.weights.left_in_round(group)

    def rescore(self, candidate: Candidate) -> Evaluation:
        """Scores a candidate with the shared weights as they are, more precisely than a search can afford.

        Normalization statistics are computed anew on the training half; the validation half is not augmented.
        """
        learner = self._learner(candidate)  # without drop path
        learner.load(self.weights)
        network = learner.network
        plain = (self.recipe.batch_size, None, None, self.recipe.memory_format)
        recalibrate(network, epoch_batches(self.train_data, *plain))
        loss, accuracy = score(network, epoch_batches(self.validation_data, *plain))
        return Evaluation(loss, {"accuracy": accuracy})

    def footprint(self) -> Footprint:
        """An estimate of the memory that the search takes, for learners whose operations are all the heaviest."""
        edges = (("sep_conv_5x5", 0), ("sep_conv_5x5", 1)) * 4
        heaviest = Genotype(normal=edges, reduce=edges)
        with torch.device("meta"):
            network = CandidateNetwork(heaviest, self.shape, self.slots).train()
            batch = min(self.recipe.batch_size, len(self.train_data))
            images = torch.empty(batch, *self.train_data.images.shape[1:])
            kept = kept_bytes(network, images, torch.zeros(batch, dtype=torch.long))
        own = size_of(*network.state_dict().values())
        return Footprint(
            images=size_of(self.train_data.images, self.validation_data.images),
            weights=size_of(*self.weights.tensors.values()) + 2 * own,
            step=len(self.lanes) * (kept + size_of(images) + 2 * own),
        )

    def state_dict(self) -> dict[str, Tensor]:
        """The shared weights."""
        return self.weights.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes what `state_dict` gave."""
        self.weights.load_state_dict(state)

    def _all_learned(self, work: Sequence[Place], following: Sequence[Place] = ()) -> Iterator[Learned]:
        """As many at a time as there are lanes."""
        lanes = len(self.lanes)
        for start in range(0, len(work), lanes):
            now, later = work[start : start + lanes], work[start + lanes :] or following
            yield from self._learned(now, later[:lanes])

    def _learned(self, places: Sequence[Place], following: Sequence[Place]) -> list[Learned]:
        """All of them at once, each on a lane."""
        learners = []
        for place, lane in zip(places, self.lanes):
            with self._names_fitting_batch(place[1]):
                learners.append(self._ahead.take(place, lane))
        if self.lanes[0].records:
            self._ahead.start(following, self.lanes)
        works = [self._steps(*work) for work in zip(places, learners, self.lanes)]
        with self.recipe.execution.memory(self.device):
            carry_out(works, self.device)
        learned: list[Learned] = []
        for (_, candidate), learner in zip(places, learners):
            with self._names_fitting_batch(candidate):
                learned.append((learner.evaluation(len(places)), learner.state_dict(not self.fresh_optimizer)))
        return learned

    def _steps(self, place: Place, learner: Learner, lane: Lane) -> Iterator[Errand]:
        """A learner starts from the shared weights, trains and is scored."""
        group, candidate = place
        address = (group.generation, candidate.number)
        with self._names_fitting_batch(candidate):
            with lane.entered():
                learner.load(self.weights)
                training = self._batches(self.train_data, self.recipe.batch_size, "training", address)
                size, augment = self._scoring_size, self.augment_validation
                scoring = self._batches(self.validation_data, size, "validation", address, augment)
            yield from learner.steps(training, scoring)

    def _written_back(self, group: Group, learned: list[Learned]) -> list[Evaluation]:
        losses = [evaluation.loss for evaluation, _ in learned]
        sound = [place for place in teachers_first(losses) if math.isfinite(losses[place])]
        self.weights.write_back([learned[place][1] for place in sound])
        self.weights.end_group(group)
        return [evaluation for evaluation, _ in learned]

    def _ready(self, group: Group, candidate: Candidate, lane: Lane) -> Learner:
        """A learner that can start; where steps are recorded, they are by now."""
        seed = stream_seed(self.seed, "drop path", group.generation, candidate.number)
        with lane.recording():
            learner = self._learner(candidate, group.progress, lane, seed)
            training = self._examples(self.train_data, self.recipe.batch_size)
            learner.expect(training, self._examples(self.validation_data, self._scoring_size))
        return learner

    def _learner(
        self, candidate: Candidate, progress: float = 0.0, lane: Lane = PLAIN, drop_path_seed: int | None = None
    ) -> Learner:
        setting = self.shape, self.slots, self.weights, self.recipe
        return Learner(candidate.architecture, *setting, progress, lane, drop_path_seed)

    @property
    def _scoring_size(self) -> int:
        return self.recipe.scoring_batch_size or self.recipe.batch_size

    def _examples(self, data: ImageArrays, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """A batch of each size of a pass."""
        for size in batch_sizes(len(data), batch_size):
            images = data.images.new_zeros((size, *data.images.shape[1:]), dtype=torch.float32)
            yield images.contiguous(memory_format=self.recipe.memory_format), data.labels.new_zeros(size)

    def _names_fitting_batch(self, candidate: Candidate) -> AbstractContextManager[None]:
        data, size = self.train_data, self.recipe.batch_size
        return names_fitting_batch(candidate, lambda: self._learner(candidate).network, data, size)

    def _batches(
        self, data: ImageArrays, size: int, purpose: str, address: tuple[int, int], augment: bool = True
    ) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch_stream(self.seed, purpose, *address)
        return epoch_batches(data, size, generator, self.augmentation if augment else None, self.recipe.memory_format)
