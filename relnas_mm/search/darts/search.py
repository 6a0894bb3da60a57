"""The DARTS search as a library, without config or Runner."""

import itertools
import logging
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from relnas_mm.architectures import Genotype
from relnas_mm.datasets.arrays import Augmentation, ImageArrays, epoch_batches, load_images, split_for_search
from relnas_mm.errors import UserError
from relnas_mm.evaluators.training import TrainConfig, evaluate
from relnas_mm.interruption import Interrupted, deferred, interruptible
from relnas_mm.networks import NetworkShape
from relnas_mm.plots.darts import darts_curve
from relnas_mm.search.darts.derive import COLLAPSED_FROM, derive, entropy, skips
from relnas_mm.search.darts.gradient import Batch
from relnas_mm.search.darts.network import MixedNetwork, check_temperature
from relnas_mm.search.darts.trainer import ArchitectureConfig, MixedTrainer
from relnas_mm.search.progress import Progress, Report
from relnas_mm.search.state_files import State
from relnas_mm.search.store import RunStore
from relnas_mm.seeding import torch_stream

EPOCH = "epoch"
DEFAULTS = {"batch_size": 64, "lr": 0.025, "drop_path_rate": 0.0}


class DartsSearch:
    """Searches a cell by DARTS: trains weights and alphas of a mixed network alternately, then derives the cell.

    The folder of the run store receives `records.jsonl` (one line per epoch), `run_store/` (checkpoints),
    `search_curve.png`, and the cell as `genotype.json`, `cells.svg` and `cells.png`.  A search resumes after its last
    complete epoch.

    Args:
        folder: Folder of the run store.
        data: Arguments of `load_images`.
        epochs: Epochs over the training half, at least 1.
        network: Fields of `NetworkShape` that the data do not determine: init_channels, num_cells.
        training: Fields of `TrainConfig` for the weights; drop path is not supported.
        channels_last: Whether to use the channels_last memory format, which is faster on CPUs.
        architecture: Fields of `ArchitectureConfig`.
        augmentation: Fields of `Augmentation`.
        train_portion: Share of the images that trains the weights; the rest trains the alphas.
        augment_validation: Whether to augment the images that train the alphas too, as in the reference
            implementation.
        temperature: First and last temperature of the softmax over the alphas, interpolated linearly over the epochs.
        portion: Divisor of the channels that pass through the candidates (PC-DARTS); 1 is DARTS.
        keep: Number of checkpoints to keep.
        resume: Whether to resume from the run store.
        seed: Seed of the split, the initial weights and all random streams.
        device: Device to train on.

    Attributes:
        logger: Logger of the search.
        report: Callback for the scalars of each epoch and its number, from 1.

    Raises:
        UserError: The data cannot be read, or a value is out of range.
    """

    def __init__(
        self,
        folder: "str | os.PathLike[str]",
        data: Mapping[str, Any],
        epochs: int = 50,
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        channels_last: bool = False,
        architecture: Mapping[str, Any] | None = None,
        augmentation: Mapping[str, Any] | None = None,
        train_portion: float = 0.5,
        augment_validation: bool = True,
        temperature: tuple[float, float] = (1.0, 1.0),
        portion: int = 1,
        keep: int = 2,
        resume: bool = False,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        if epochs < 1:
            raise UserError(f"epochs of DARTS is {epochs!r}; it must be at least 1")
        check_temperature(temperature)
        self.store, self.seed, self.temperature, self.resume = RunStore(folder, keep), seed, temperature, resume
        self.logger = logging.getLogger("relnas_mm")
        self.report: Report = lambda numbers, epoch: None
        self.config = TrainConfig(**{**DEFAULTS, **(training or {})})
        if self.config.drop_path_rate:
            raise UserError(f"drop_path_rate is {self.config.drop_path_rate!r}; DARTS searches without drop path")
        self.augmentation, self.augment_validation = Augmentation(**augmentation or {}), augment_validation
        images = load_images(**data)
        halves = split_for_search(images, seed, train_portion)
        self.train_data, self.validation_data = (half.to(device) for half in halves)
        shape = NetworkShape(**network or {}, num_classes=len(images.classes), in_channels=images.images.shape[1])
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        mixed = MixedNetwork(shape, seed, portion).to(device, memory_format=self.memory_format)  # type: ignore[call-overload]
        self.trainer = MixedTrainer(mixed, self.config, ArchitectureConfig(**architecture or {}))
        self.progress = Progress(epochs)
        self.store.open(resume)

    def run(self) -> Genotype:
        """Runs the search to its end and writes the cell.

        Each complete epoch is saved before a signal that asks for an end is obeyed.

        Returns:
            The derived cell.

        Raises:
            UserError: The loss is not finite, or a checkpoint or a result cannot be written.
        """
        if self.resume:
            self._resume()
        try:
            with interruptible():
                while self.progress.done < self.progress.total:
                    self.run_epoch()
                return self._write_results()
        except KeyboardInterrupt as request:
            done = f"{self.progress.done} epochs are saved"
            self.logger.warning(Interrupted.of(request, f"{done}, continue with --resume"))
            raise

    def _resume(self) -> None:
        loaded = self.store.checkpoints.load_newest()
        if loaded is None:
            self.store.records.cut(0)
            return
        for message in loaded.skipped:
            self.logger.warning(f"{message}; resuming from an older one")
        self.trainer.load_state_dict(loaded.state.tensors)
        self.store.records.cut(loaded.state.values["records"])
        total = self.progress.total
        self.progress = Progress(total, loaded.step)
        self.logger.info(f"the search resumes after {loaded.step} of {total} epochs")

    def run_epoch(self) -> None:
        """Runs one epoch, records it and saves a checkpoint."""
        start, epoch, total = time.perf_counter(), self.progress.done, self.progress.total
        network = self.trainer.network
        first, last = self.temperature
        network.temperature = first + (last - first) * epoch / max(total - 1, 1)
        training = self._batches(self.train_data, "training", epoch)
        train_loss = self.trainer.run_epoch(training, self._endless_validation(epoch), epoch / total, epoch)
        loss, accuracy = evaluate(
            network, self._batches(self.validation_data, "validation", epoch, self.augment_validation)
        )
        if not (math.isfinite(train_loss) and math.isfinite(loss)):
            raise UserError(f"the loss of epoch {epoch + 1} is not finite; lower the learning rate ({self.config.lr})")
        normal, reduce = (part.detach().cpu().double().numpy() for part in network.mixing_weights())
        genotype = derive(normal, reduce)
        seconds = time.perf_counter() - start
        record = {
            "type": EPOCH,
            "epoch": epoch,
            "train_loss": train_loss,
            "loss": loss,
            "accuracy": accuracy,
            "temperature": network.temperature,
            "entropy_normal": entropy(normal),
            "entropy_reduce": entropy(reduce),
            "skips": skips(genotype),
            "collapsed": skips(genotype) >= COLLAPSED_FROM,
            "seconds": seconds,
            "weights": [normal, reduce],
            "architecture": genotype.to_dict(),
        }
        with deferred():
            records = self.store.records
            records.append(record)
            records.sync()
            self.progress.advance(seconds)
            state = State(self.trainer.state_dict(), values={"records": records.length})
            self.store.checkpoints.save(epoch + 1, state)
            self._report(record)

    def _report(self, record: dict[str, Any]) -> None:
        scalars = {key: float(value) for key, value in record.items() if isinstance(value, (int, float))}
        self.report(scalars, self.progress.done)
        self.logger.info(
            f"epoch {self.progress.done}/{self.progress.total}  "
            f"training loss {record['train_loss']:.4f}  "
            f"validation loss {record['loss']:.4f}  accuracy {record['accuracy']:.2f}  entropy of the normal cell "
            f"{record['entropy_normal']:.4f}  skips {record['skips']}  eta {self.progress.eta}"
        )
        if record["collapsed"]:
            self.logger.warning(
                f"the normal cell has {record['skips']} skip connections on its 8 edges: the search has collapsed"
            )

    def _write_results(self) -> Genotype:
        records = self.store.records.of_type(EPOCH)
        normal, reduce = (part.detach().cpu().double().numpy() for part in self.trainer.network.mixing_weights())
        genotype = derive(normal, reduce)
        meta = {
            "strategy": "DARTS",
            "order": self.trainer.architecture.order,
            "seed": self.seed,
            "epochs": self.progress.done,
            "loss": records[-1]["loss"],
            "skips": skips(genotype),
            "collapsed": records[-1]["collapsed"],
        }
        path = genotype.save_to(self.store.folder, meta)
        darts_curve(records).savefig(self.store.folder / "search_curve.png", dpi=110)
        self.logger.info(f"the search is done, see {path}")
        return genotype

    def _batches(self, data: ImageArrays, purpose: str, epoch: int, augment: bool = True) -> Iterator[Batch]:
        generator = torch_stream(self.seed, purpose, epoch)
        augmentation = self.augmentation if augment else None
        return epoch_batches(data, self.config.batch_size, generator, augmentation, self.memory_format)

    def _endless_validation(self, epoch: int) -> Iterator[Batch]:
        """Yields batches of the validation half, pass after pass."""
        for index in itertools.count():
            yield from self._batches(self.validation_data, f"architecture {index}", epoch)
