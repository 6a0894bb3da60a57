"""Stand-alone evaluation: every candidate is trained from its own initial weights for a few epochs."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from relnas_mm.datasets.arrays import Augmentation, ImageArrays, epoch_batches, load_images, split_for_search
from relnas_mm.errors import UserError
from relnas_mm.evaluators.base import Evaluation, Evaluator
from relnas_mm.evaluators.execution import ExecutionConfig, StreamedEpoch
from relnas_mm.evaluators.oom import explain_oom
from relnas_mm.evaluators.training import TrainConfig, evaluation_step, training_step
from relnas_mm.networks import NetworkShape
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.spaces import Space
from relnas_mm.strategies import Candidate, Group

OBJECTIVES = ("loss", "error")
VALIDATIONS = ("held-out", "test")


class StandAloneEvaluator(Evaluator):
    """Trains each candidate from scratch, with a cosine learning-rate schedule over its epochs.

    Supports all families of architectures that build networks.  A strategy may set each candidate's number of epochs.

    Args:
        data: Arguments of `load_images`.
        epochs: Training epochs, at least 1, of candidates whose strategy sets none.
        network: Fields of `NetworkShape` that the data do not determine: init_channels, num_cells; chains need none.
        training: Fields of `TrainConfig`.
        execution: Fields of `ExecutionConfig`; candidates train one at a time.
        augmentation: Fields of `Augmentation`, for training images only.
        train_portion: Fraction of the training images to train on; the rest is for validation.
        validation: 'held-out' validates on the rest of the training images.  'test' trains on all of them and validates
            on the test images, as the reference implementation of the global search does; its results do not estimate
            the accuracy on unseen images.
        objective: Value to minimize: the cross-entropy, 'loss', or the 'error' in percent.
        best_epoch: Whether to validate after each epoch and report the best score, as the reference implementation of
            the global search does, instead of validating after the last epoch only.
        step_ahead: Whether each epoch has the learning rate of its end instead of its start, as when a scheduler steps
            before the epoch (reference implementation of the global search), so that the last one has `min_lr`.
        space: The search space; its `in_channels` and `num_classes`, if it has them, must equal the data's.
        seed: Seed of the split, initial weights and all random streams.
        device: Device to train on.

    Raises:
        UserError: The data cannot be read or do not match the space, or a value is out of range.
    """

    independent = True

    def __init__(
        self,
        data: Mapping[str, Any],
        epochs: int = 1,
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        execution: Mapping[str, Any] | None = None,
        augmentation: Mapping[str, Any] | None = None,
        train_portion: float = 0.5,
        validation: str = "held-out",
        objective: str = "loss",
        best_epoch: bool = False,
        step_ahead: bool = False,
        space: Space | None = None,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        if epochs < 1:
            raise UserError(f"epochs of StandAloneEvaluator is {epochs!r}; it must be at least 1")
        for name, value, allowed in (("validation", validation, VALIDATIONS), ("objective", objective, OBJECTIVES)):
            if value not in allowed:
                raise UserError(f"{name} of StandAloneEvaluator is {value!r}; allowed are {allowed}")
        self.device = torch.device(device)
        self.config, self.augmentation = TrainConfig(**training or {}), Augmentation(**augmentation or {})
        self.execution = ExecutionConfig(**execution or {})
        self.execution.check(self.device)
        if self.execution.parallel_candidates > 1:
            raise UserError(
                f"parallel_candidates of StandAloneEvaluator is {self.execution.parallel_candidates!r}; it trains one "
                "candidate at a time"
            )
        self.epochs, self.seed = epochs, seed
        self.objective, self.best_epoch, self.step_ahead = objective, best_epoch, step_ahead
        images = load_images(**data)
        if validation == "test":
            parts = images, load_images(**{**data, "split": "test", "limit": None})
        else:
            parts = split_for_search(images, seed, train_portion)
        self.train_data, self.validation_data = (part.to(self.device) for part in parts)
        self.shape = NetworkShape(**network or {}, num_classes=len(images.classes), in_channels=images.images.shape[1])
        for name in ("in_channels", "num_classes") if space is not None else ():
            given, found = getattr(space, name), getattr(self.shape, name)
            if given not in (None, found):
                raise UserError(f"{name} of {type(space).__name__} is {given!r}, but that of the images is {found}")

    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """Trains and scores each candidate.

        Raises:
            UserError: The device runs out of memory; the message names a batch size that fits.
        """
        return [[self._train_and_score(one, group.generation) for one in group.candidates] for group in groups]

    def _train_and_score(self, candidate: Candidate, generation: int) -> Evaluation:
        start, address = time.perf_counter(), (generation, candidate.number)
        epochs = candidate.epochs or self.epochs
        train_loss, train_accuracy = math.nan, 0.0
        scores: list[tuple[float, float]] = []
        (stream,), precision = self.execution.streams(self.device), partial(self.execution.precision, self.device)
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(stream_seed(self.seed, "weights", *address))
            network = candidate.architecture.build(self.shape, self.execution.get_backend())
            network.to(self.device, memory_format=self.execution.memory_format)  # type: ignore[call-overload]
            optimizer = self.config.optimizer(list(network.parameters()), 0.0, self._fused)
            with explain_oom(candidate, lambda: network, self.train_data, self.config.batch_size):
                step = training_step(network, optimizer, self.config.grad_clip, precision)
                for epoch in range(epochs):
                    optimizer.param_groups[0]["lr"] = self.config.lr_at((epoch + self.step_ahead) / epochs)
                    network.drop_path_rate = self.config.drop_path_at(epoch / epochs)  # type: ignore[assignment]
                    batches = self._batches(self.train_data, torch_stream(self.seed, f"training {epoch}", *address))
                    train_loss, accuracy = StreamedEpoch(network, step, True, stream).run(batches)
                    train_accuracy = max(train_accuracy, accuracy) if self.best_epoch else accuracy
                    if self.best_epoch or epoch == epochs - 1:
                        batches = self._batches(self.validation_data, None)
                        scoring = evaluation_step(network, precision)
                        scores.append(StreamedEpoch(network, scoring, False, stream).run(batches))
        loss, accuracy = min(scores, key=self._objective_of)
        metrics = {
            "accuracy": accuracy,
            "train_loss": train_loss,
            "train_error": 100.0 - train_accuracy,
            "epochs": epochs,
            "search_params": sum(parameter.numel() for parameter in network.parameters()),
            "seconds": time.perf_counter() - start,
        }
        return Evaluation(self._objective_of((loss, accuracy)), metrics)

    @property
    def _fused(self) -> bool:
        return self.device.type == "cuda" and not self.execution.get_backend().exact

    def _objective_of(self, scored: tuple[float, float]) -> float:
        loss, accuracy = scored
        if self.objective == "loss":
            return loss
        return 100.0 - accuracy if math.isfinite(loss) else math.nan

    def _batches(self, data: ImageArrays, generator: torch.Generator | None) -> Iterator[tuple[Tensor, Tensor]]:
        return epoch_batches(data, self.config.batch_size, generator, self.augmentation, self.execution.memory_format)
