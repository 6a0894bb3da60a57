"""DARTS as a training loop of MMEngine's Runner."""

import itertools
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.registry import LOOPS
from mmengine.runner import BaseLoop, Runner

from relnas_mm.datasets.arrays import Augmentation, ImageArrays, epoch_batches, load_images, split_for_search
from relnas_mm.errors import UserError
from relnas_mm.evaluators.training import Recipe, score
from relnas_mm.evaluators.weight_set import NetworkShape
from relnas_mm.search.darts.curve import darts_curve
from relnas_mm.search.darts.derive import COLLAPSED_FROM, derive, entropy, skips
from relnas_mm.search.darts.gradient import Batch
from relnas_mm.search.darts.learner import ArchitectureRecipe, MixedLearner
from relnas_mm.search.darts.network import MixedNetwork, check_temperature
from relnas_mm.search.progress import Progress
from relnas_mm.search.records import Records, describe
from relnas_mm.search.results import write_winner
from relnas_mm.search.state_files import State
from relnas_mm.search.store import RunStore
from relnas_mm.search.termination import EXIT_CODE, Terminated, Termination
from relnas_mm.seeding import torch_stream

EPOCH = "epoch"


@LOOPS.register_module()
class DartsLoop(BaseLoop):
    """Trains a network of all operations and, with it, how much each of them counts; then keeps the strongest.

    Written to the work_dir: `records.jsonl` with a line for each epoch, `run_store/`, `search_curve.png`, and the cell
    as `genotype.json`, `cells.svg` and `cells.png`.  A search that stops goes on after its last whole epoch.

    Args:
        runner: The Runner; its seed is the seed of the search.
        dataloader: Ignored.
        data: Arguments of `load_images`.
        epochs: Passes over the training half, at least 1.
        network: Fields of `NetworkShape` that the data do not decide: init_channels, num_cells.
        training: Fields of `Recipe`, for the weights; without drop path.
        architecture: Fields of `ArchitectureRecipe`.
        augmentation: Fields of `Augmentation`.
        train_portion: Share of the images that trains the weights; the rest trains the architecture.
        augment_validation: Whether the images that the networks are compared by are augmented, too, as released.
        temperature: First and last temperature of the softmax over candidates, linear in between.
        portion: One of so many channels goes through the candidates (PC-DARTS); 1 takes all.
        resume: Whether to continue what the run store holds.
        keep: How many checkpoints stay.
        **unknown: Refused.

    Raises:
        UserError: The data cannot be read, or a value is out of range or unknown.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        data: Mapping[str, Any] | None = None,
        epochs: int = 50,
        network: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        architecture: Mapping[str, Any] | None = None,
        augmentation: Mapping[str, Any] | None = None,
        train_portion: float = 0.5,
        augment_validation: bool = True,
        temperature: tuple[float, float] = (1.0, 1.0),
        portion: int = 1,
        resume: bool = False,
        keep: int = 2,
        **unknown: Any,
    ):
        super().__init__(runner, None)  # type: ignore[arg-type]
        if unknown or data is None:
            given = f"{sorted(unknown)} instead" if unknown else "nothing"
            raise UserError(
                f"DartsLoop needs images (`data`) for its gradients, but was given {given}; tables have none"
            )
        if runner.world_size > 1:
            raise UserError(f"the launcher started {runner.world_size} processes; a search runs in one")
        if epochs < 1:
            raise UserError(f"epochs of DartsLoop is {epochs!r}; it must be at least 1")
        check_temperature(temperature)
        self.seed, self.temperature, self.resume = int(runner.seed or 0), temperature, resume
        self.recipe = Recipe(**{"batch_size": 64, "lr": 0.025, "drop_path_rate": 0.0, **(training or {})})
        if self.recipe.drop_path_rate:
            raise UserError(f"drop_path_rate is {self.recipe.drop_path_rate!r}; DARTS searches without drop path")
        self.augmentation, self.augment_validation = Augmentation(**augmentation or {}), augment_validation
        images = load_images(**data)
        halves = split_for_search(images, self.seed, train_portion)
        self.train_data, self.validation_data = (half.to(get_device()) for half in halves)
        shape = NetworkShape(**network or {}, num_classes=len(images.classes), in_channels=images.images.shape[1])
        mixed = MixedNetwork(shape, self.seed, portion).to(get_device(), memory_format=self.recipe.memory_format)  # type: ignore[call-overload]
        self.learner = MixedLearner(mixed, self.recipe, ArchitectureRecipe(**architecture or {}))
        self.work_dir = Path(runner.work_dir)
        self.records = Records(self.work_dir / "records.jsonl")
        self.store = RunStore(self.work_dir / "run_store", keep)
        self.progress = Progress(epochs)
        self._termination = Termination()

    @property
    def iter(self) -> int:
        """Epochs that are done."""
        return self.progress.groups_done

    @property
    def max_iters(self) -> int:
        """Epochs of the whole search."""
        return self.progress.groups_total

    def run(self) -> Any:
        """Runs the search to its end, and writes the cell.

        SIGTERM ends the process with code 143; the last whole epoch is saved.

        Raises:
            UserError: The loss is not finite, or a checkpoint or a result cannot be written.
        """
        if self.resume:
            self._resume()
        try:
            with self._termination.watching():
                while self.iter < self.max_iters:
                    self._run_epoch()
                self._write_results()
        except Terminated:
            self.runner.logger.warning(f"terminated: {self.iter} epochs are saved; continue with --resume")
            sys.exit(EXIT_CODE)
        return self.runner.model

    def _resume(self) -> None:
        loaded = self.store.load_newest()
        if loaded is None:
            self.records.cut(0)
            return
        for sentence in loaded.skipped:
            self.runner.logger.warning(f"{sentence}; an older one is used")
        self.learner.load_state_dict(loaded.state.tensors)
        self.records.cut(loaded.state.values["records"])
        self.progress = Progress(self.max_iters, loaded.step)
        self.runner.logger.info(f"the search continues after {self.iter} of {self.max_iters} epochs")

    def _run_epoch(self) -> None:
        start, epoch = time.perf_counter(), self.iter
        network = self.learner.network
        first, last = self.temperature
        network.temperature = first + (last - first) * epoch / max(self.max_iters - 1, 1)
        training = self._batches(self.train_data, "training", epoch)
        train_loss = self.learner.run_epoch(training, self._endless_validation(epoch), epoch / self.max_iters, epoch)
        loss, accuracy = score(
            network, self._batches(self.validation_data, "validation", epoch, self.augment_validation)
        )
        if train_loss != train_loss or loss != loss:
            raise UserError(f"the loss of epoch {epoch + 1} is not finite; lower the learning rate ({self.recipe.lr})")
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
            "architecture": describe(genotype),
        }
        with self._termination.deferred():
            self.records.append(record)
            self.records.sync()
            self.progress.advance(seconds)
            values = {"records": self.records.length}
            self.store.save(self.iter, State(self.learner.state_dict(), values=values))
            self._report(record)

    def _report(self, record: dict[str, Any]) -> None:
        scalars = {key: float(value) for key, value in record.items() if isinstance(value, (int, float))}
        self.runner.visualizer.add_scalars(scalars, step=self.iter)
        self.runner.logger.info(
            f"epoch {self.iter}/{self.max_iters}  training loss {record['train_loss']:.4f}  "
            f"validation loss {record['loss']:.4f}  accuracy {record['accuracy']:.2f}  entropy of the normal cell "
            f"{record['entropy_normal']:.4f}  skips {record['skips']}  eta {self.progress.eta}"
        )
        if record["collapsed"]:
            self.runner.logger.warning(
                f"the normal cell has {record['skips']} skip connections on its 8 edges: the search has collapsed"
            )

    def _write_results(self) -> None:
        records = self.records.of_type(EPOCH)
        normal, reduce = (part.detach().cpu().double().numpy() for part in self.learner.network.mixing_weights())
        genotype = derive(normal, reduce)
        meta = {
            "strategy": "DARTS",
            "order": self.learner.architecture.order,
            "seed": self.seed,
            "epochs": self.iter,
            "loss": records[-1]["loss"],
            "skips": skips(genotype),
            "collapsed": records[-1]["collapsed"],
        }
        path = write_winner(genotype, self.work_dir, meta)
        darts_curve(records).savefig(self.work_dir / "search_curve.png", dpi=110)
        self.runner.logger.info(f"the search is done, see {path}")

    def _batches(self, data: ImageArrays, purpose: str, epoch: int, augment: bool = True) -> Iterator[Batch]:
        generator = torch_stream(self.seed, purpose, epoch)
        augmentation = self.augmentation if augment else None
        return epoch_batches(data, self.recipe.batch_size, generator, augmentation, self.recipe.memory_format)

    def _endless_validation(self, epoch: int) -> Iterator[Batch]:
        """Batches of the validation half, as often around as the training half needs."""
        for turn in itertools.count():
            yield from self._batches(self.validation_data, f"architecture {turn}", epoch)
