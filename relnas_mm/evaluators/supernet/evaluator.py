"""The evaluator of RelativeNAS: candidates inherit shared weights, train for one epoch, and write them back."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain, islice
from typing import Any, ClassVar

import torch
from torch import Tensor

from relnas_mm.architectures import Genotype, NASBench201Cell
from relnas_mm.datasets.arrays import (
    Augmentation,
    ImageArrays,
    batch_sizes,
    epoch_batches,
    load_images,
    split_for_search,
)
from relnas_mm.errors import UserError
from relnas_mm.evaluators.base import Evaluation, Evaluator
from relnas_mm.evaluators.distributed import all_gather_results, broadcast_tensors, shard, world
from relnas_mm.evaluators.execution import CandidatePrefetcher, ExecutionConfig, ExecutionStream, run_in_parallel
from relnas_mm.evaluators.execution.prefetch import Job
from relnas_mm.evaluators.execution.stream import PLAIN
from relnas_mm.evaluators.memory_estimate import MemoryEstimate, saved_activation_bytes, size_of
from relnas_mm.evaluators.oom import explain_oom
from relnas_mm.evaluators.supernet.cells import GenotypeFamily
from relnas_mm.evaluators.supernet.family import Families
from relnas_mm.evaluators.supernet.nasbench201 import NASBench201Family
from relnas_mm.evaluators.supernet.racing import race
from relnas_mm.evaluators.supernet.scoring import ScoringConfig
from relnas_mm.evaluators.supernet.shared_weights import SharedWeights
from relnas_mm.evaluators.supernet.sizes import WeightsOfSize
from relnas_mm.evaluators.supernet.trainer import CandidateTrainer
from relnas_mm.evaluators.supernet.warmup import warm_up
from relnas_mm.evaluators.training import TrainConfig, evaluate, recalibrate
from relnas_mm.networks import NetworkShape
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies import Candidate, Group, teachers_first

Result = tuple[Evaluation, dict[str, Tensor]]
"""Scores and trained weights of a candidate."""
FAMILIES: Families = {Genotype.kind: GenotypeFamily, NASBench201Cell.kind: NASBench201Family}
"""Families whose architectures share weights, by kind."""


class SupernetEvaluator(Evaluator):
    """Trains each candidate of a group from the same shared weights, then writes their weights back, teacher first.

    The defaults are the procedure of the reference implementation; every departure from it is an argument.

    Args:
        data: Arguments of `load_images`: type, data_root, num_classes, limit, …
        network: Fields of `NetworkShape` that the data do not determine: init_channels, num_cells.
        training: Fields of `TrainConfig`: batch size, learning rates, drop path.
        execution: Fields of `ExecutionConfig`: backend, memory format, precision, parallelism.
        augmentation: Fields of `Augmentation`: padding, flip, cutout.
        train_portion: Fraction of the training images to train on; the rest is for validation.
        augment_validation: Whether validation images are augmented too, as in the reference implementation.
        write_back: When trained weights become visible to the next group: after each 'group', as in the reference
            implementation, after a number of groups, after the 'generation', or 'never'.
        duplicates: If a node applies one operation to one input twice, 'shared' uses one module, as in the reference
            implementation; 'separate' uses two, as the retrained network does.
        scoring: Fields of `ScoringConfig`: recalibrated statistics, averaged weights, paired comparison.
        warmup_epochs: Epochs of uniform sampling before the search, each batch of which trains the shared weights of
            another random architecture; the reference implementation has none.
        fresh_optimizer: Whether each candidate starts without momentum, as in the reference implementation; otherwise
            momentum is shared like weights.
        space: The search space, by default that of genotypes; if it has sizes, each width has shared weights of its
            own, and networks of one width share those of a cell at the same position of the same stage.
        seed: Seed of the split, initial weights and all random streams.
        device: Device to train on.

    Raises:
        UserError: The data cannot be read, a value is out of range, the device does not support `execution`, or
            architectures of the space share no weights.
    """

    kinds: ClassVar[tuple[str, ...] | None] = tuple(FAMILIES)

    def __init__(
        self,
        data: Mapping[str, Any],
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        execution: Mapping[str, Any] | None = None,
        augmentation: Mapping[str, Any] | None = None,
        train_portion: float = 0.5,
        augment_validation: bool = True,
        write_back: str | int = "group",
        duplicates: str = "shared",
        scoring: Mapping[str, Any] | None = None,
        warmup_epochs: int = 0,
        fresh_optimizer: bool = True,
        space: Space | None = None,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        self.device = torch.device(device)
        self.config, self.augmentation = TrainConfig(**training or {}), Augmentation(**augmentation or {})
        self.execution = ExecutionConfig(**execution or {})
        self.execution.check(self.device)
        self.augment_validation, self.fresh_optimizer = augment_validation, fresh_optimizer
        self.scoring, self.warmup_epochs, self.space = ScoringConfig(**scoring or {}), warmup_epochs, space
        self.seed = seed
        if self.scoring.race and (self.execution.cuda_graphs or self.execution.parallel_candidates > 1):
            raise UserError(
                "scoring.race trains one candidate at a time: leave out cuda_graphs and parallel_candidates"
            )
        if warmup_epochs < 0 or (warmup_epochs and space is None):
            raise UserError(f"warmup_epochs is {warmup_epochs!r}; it must be at least 0, and 0 without a space")
        images = load_images(**data)
        halves = split_for_search(images, seed, train_portion)
        self.train_data, self.validation_data = (half.to(self.device) for half in halves)
        self.shape = NetworkShape(**network or {}, num_classes=len(images.classes), in_channels=images.images.shape[1])
        kind = Genotype.kind if space is None else space.kind
        if kind not in FAMILIES:
            allowed, name = ", ".join(FAMILIES), type(space).__name__
            raise UserError(f"SupernetEvaluator scores architectures of kind {allowed}; those of {name} are {kind!r}")
        self.family = FAMILIES[kind](self.shape, seed, duplicates, space)
        tensors = {name: value.to(self.device) for name, value in self.family.initial_weights().items()}
        self.weights = SharedWeights(tensors, write_back, self.device)
        self.independent = self.weights.frozen
        self.streams = self.execution.streams(self.device)
        self._prefetcher = CandidatePrefetcher(self._ready_trainer)

    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """Trains and scores the candidates, distributed over all processes, and writes their weights back.

        Candidates with a non-finite loss are not written back.

        Args:
            groups: Groups that start from the same weights.
            upcoming: Groups that are likely to follow; their CUDA graphs, if any, are captured meanwhile.  They have no
                effect on results.

        Raises:
            UserError: The device runs out of memory; the message names a batch size that fits.
        """
        self._add_sizes(groups)
        if self.warmup_epochs and (groups[0].generation, groups[0].index) == (0, 0):
            self._warm_up()
        if self.scoring.race:
            return self._races(groups)
        jobs, later = ([(group, one) for group in part for one in group.candidates] for part in (groups, upcoming))
        local = shard(len(jobs))
        results = self._run_all([jobs[index] for index in local], [later[index] for index in shard(len(later))])
        gathered = iter(all_gather_results(dict(zip(local, results)), len(jobs), self.device))
        return [self._write_back(group, [next(gathered) for _ in group.candidates]) for group in groups]

    def groups_per_round(self, group: Group) -> int:
        """All groups that start from the same weights in distributed runs, else one."""
        return self.weights.left_in_round(group) if world()[1] > 1 else 1

    def rescore(self, candidate: Candidate) -> Evaluation:
        """Scores a candidate with the current shared weights, more precisely than is affordable during a search.

        Batch-norm statistics are recomputed on the training images; validation images are not augmented.
        """
        trainer = self._trainer(candidate)  # at progress 0, without drop path
        trainer.load(self._weights_of(candidate))
        network = trainer.network
        options = (self.config.batch_size, None, None, self.execution.memory_format)  # in order, not augmented
        recalibrate(network, epoch_batches(self.train_data, *options))
        loss, accuracy = evaluate(network, epoch_batches(self.validation_data, *options))
        return Evaluation(loss, {"accuracy": accuracy})

    def memory_estimate(self) -> MemoryEstimate:
        """Estimates the memory of the search for the family's largest architecture.

        In a search over sizes, their shared weights are counted as they occur, and not before.
        """
        with torch.device("meta"):
            network = self.family.build(self.family.largest(), "reference").train()
            batch = min(self.config.batch_size, len(self.train_data))
            images = torch.empty(batch, *self.train_data.images.shape[1:])
            activations = saved_activation_bytes(network, images, torch.zeros(batch, dtype=torch.long))
        weights = size_of(*network.state_dict().values())
        return MemoryEstimate(
            images=size_of(self.train_data.images, self.validation_data.images),
            weights=size_of(*self.weights.tensors.values()) + 2 * weights,
            step=len(self.streams) * (activations + size_of(images) + 2 * weights),
            device=self.device,
        )

    def state_dict(self) -> dict[str, Tensor]:
        """The shared weights."""
        return self.weights.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the state from the result of `state_dict`."""
        self.weights.load_state_dict(state)

    def _run_all(self, jobs: Sequence[Job], upcoming: Sequence[Job] = ()) -> Iterator[Result]:
        """Runs the jobs in batches of as many as there are streams."""
        width = len(self.streams)
        for start in range(0, len(jobs), width):
            current, later = jobs[start : start + width], jobs[start + width :] or upcoming
            yield from self._run(current, later[:width])

    def _run(self, jobs: Sequence[Job], upcoming: Sequence[Job]) -> list[Result]:
        """Runs the jobs concurrently, each on a stream."""
        trainers = []
        for job, stream in zip(jobs, self.streams):
            with self._explain_oom(job[1]):
                trainers.append(self._prefetcher.take(job, stream))
        if self.streams[0].records:
            self._prefetcher.start(upcoming, self.streams)
        run_in_parallel([self._steps(*task) for task in zip(jobs, trainers, self.streams)], self.device)
        results: list[Result] = []
        for (_, candidate), trainer in zip(jobs, trainers):
            with self._explain_oom(candidate):
                results.append((trainer.evaluation(len(jobs)), self._shared_state(candidate, trainer)))
        return results

    def _steps(self, job: Job, trainer: CandidateTrainer, stream: ExecutionStream) -> Iterator[None]:
        """Loads the shared weights into a trainer, trains and evaluates, one step per item."""
        group, candidate = job
        address = self._address(group, candidate)
        with self._explain_oom(candidate):
            with stream.entered():
                trainer.load(self._weights_of(candidate))
                training = self._batches(self.train_data, self.config.batch_size, "training", address)
                validation = self._validation_batches(address)
            yield from trainer.steps(training, validation, self._statistics())

    def _races(self, groups: Sequence[Group]) -> list[list[Evaluation]]:
        """As `evaluate`, but the candidates of a group train until their difference is significant (`race`)."""
        found = {}
        for index in shard(len(groups)):  # a pair stays in one process
            results = self._race(groups[index])
            named = {
                f"{place}/{name}": each for place, (_, state) in enumerate(results) for name, each in state.items()
            }
            found[index] = [evaluation for evaluation, _ in results], named
        scored = []
        for group, (evaluations, named) in zip(groups, all_gather_results(found, len(groups), self.device)):
            states: list[dict[str, Tensor]] = [{} for _ in evaluations]
            for name, value in named.items():
                place, _, own = name.partition("/")
                states[int(place)][own] = value
            scored.append(self._write_back(group, list(zip(evaluations, states))))
        return scored

    def _race(self, group: Group) -> list[Result]:
        steps = math.ceil(len(self.train_data) / self.config.batch_size)
        stops = [max(1, round(epochs * steps)) for epochs in self.scoring.race]
        first = self._address(group, group.candidates[0])
        trainers, training = [], []
        for candidate in group.candidates:
            trainer, address = self._ready_trainer(group, candidate, PLAIN), self._address(group, candidate)
            trainer.load(self._weights_of(candidate))
            trainers.append(trainer)
            epochs = ["training", *(f"training {number}" for number in range(1, math.ceil(self.scoring.race[-1])))]
            batches = [self._batches(self.train_data, self.config.batch_size, epoch, address) for epoch in epochs]
            training.append(chain.from_iterable(batches))

        evaluations = race(
            trainers, training, partial(self._validation_batches, first), self._statistics, stops, self.scoring.level
        )
        return [
            (evaluation, self._shared_state(one, trainer))
            for evaluation, one, trainer in zip(evaluations, group.candidates, trainers)
        ]

    def _shared_state(self, candidate: Candidate, trainer: CandidateTrainer) -> dict[str, Tensor]:
        """The weights of a trained candidate by their shared names."""
        shared = self._weights_of(candidate).shared
        return {shared(name): value for name, value in trainer.state_dict(not self.fresh_optimizer).items()}

    def _address(self, group: Group, candidate: Candidate) -> tuple[int, int]:
        """Address of a candidate's random streams."""
        return group.generation, (group.candidates[0] if self.scoring.paired else candidate).number

    def _statistics(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Training batches, in order and not augmented, from which statistics are computed anew."""
        batches = epoch_batches(self.train_data, self.config.batch_size, memory_format=self.execution.memory_format)
        return islice(batches, self.scoring.recalibration_batches)

    def _warm_up(self) -> None:
        """Trains the shared weights by uniform sampling in the first process, and sends them to the others."""
        assert self.space is not None
        if world()[0] == 0:
            size, epochs = self.config.batch_size, range(self.warmup_epochs)
            batches = chain.from_iterable(self._batches(self.train_data, size, "warm-up", (n, 0)) for n in epochs)
            steps = len(epochs) * math.ceil(len(self.train_data) / size)
            warm_up(self.weights.tensors, self.space, self._train_on_batch, batches, steps, self.seed)
        self.weights.tensors = broadcast_tensors(self.weights.tensors, self.device)

    def _train_on_batch(self, candidate: Candidate, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Trains a candidate on one batch; its weights by their shared names."""
        trainer, weights = self._trainer(candidate), self._weights_of(candidate)
        trainer.load(weights)
        for _ in trainer.train([batch]):
            pass
        return {weights.shared(name): value.detach() for name, value in trainer.state_dict(momentum=False).items()}

    def _write_back(self, group: Group, results: list[Result]) -> list[Evaluation]:
        losses = [evaluation.loss for evaluation, _ in results]
        finite = [index for index in teachers_first(losses) if math.isfinite(losses[index])]
        self.weights.write_back([results[index][1] for index in finite])
        self.weights.end_group(group)
        return [evaluation for evaluation, _ in results]

    def _ready_trainer(self, group: Group, candidate: Candidate, stream: ExecutionStream) -> CandidateTrainer:
        """Builds the trainer of a candidate, and captures its steps if the stream captures steps."""
        seed = stream_seed(self.seed, "drop path", *self._address(group, candidate))
        with stream.recording():
            trainer = self._trainer(candidate, group.progress, stream, seed)
            training = self._examples(self.train_data, self.config.batch_size)
            trainer.expect(training, self._examples(self.validation_data, self._eval_batch_size))
        return trainer

    def _trainer(
        self,
        candidate: Candidate,
        progress: float = 0.0,
        stream: ExecutionStream = PLAIN,
        drop_path_seed: int | None = None,
    ) -> CandidateTrainer:
        with torch.device("meta"):  # initial weights would be thrown away
            network = self.family.build(candidate.architecture, self.execution.get_backend())
        weights = self._weights_of(candidate)
        return CandidateTrainer(
            network, weights, self.config, self.execution, progress, stream, drop_path_seed, self.scoring
        )

    def _weights_of(self, candidate: Candidate) -> SharedWeights | WeightsOfSize:
        """The shared weights under the names of a candidate's network."""
        return self.family.weights_of(candidate.architecture, self.weights)

    def _add_sizes(self, groups: Sequence[Group]) -> None:
        """Initializes the weights of sizes that occur for the first time, in every process alike."""
        for candidate in (one for group in groups for one in group.candidates):
            self._weights_of(candidate)

    @property
    def _eval_batch_size(self) -> int:
        return self.config.eval_batch_size or self.config.batch_size

    def _examples(self, data: ImageArrays, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yields one batch of zeros for each batch size that occurs in an epoch."""
        for size in batch_sizes(len(data), batch_size):
            images = data.images.new_zeros((size, *data.images.shape[1:]), dtype=torch.float32)
            yield images.contiguous(memory_format=self.execution.memory_format), data.labels.new_zeros(size)

    def _explain_oom(self, candidate: Candidate) -> AbstractContextManager[None]:
        data, size = self.train_data, self.config.batch_size
        return explain_oom(candidate, lambda: self._trainer(candidate).network, data, size)

    def _batches(
        self, data: ImageArrays, size: int, purpose: str, address: tuple[int, int], augment: bool = True
    ) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch_stream(self.seed, purpose, *address)
        augmentation = self.augmentation if augment else None
        return epoch_batches(data, size, generator, augmentation, self.execution.memory_format)

    def _validation_batches(self, address: tuple[int, int]) -> Iterator[tuple[Tensor, Tensor]]:
        return self._batches(
            self.validation_data, self._eval_batch_size, "validation", address, self.augment_validation
        )
