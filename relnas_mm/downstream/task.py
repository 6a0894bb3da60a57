"""One downstream task: its data, its model around a candidate's backbone, one pass of training, and its score."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator as MetricEvaluator
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, FUNCTIONS, DefaultScope
from torch.utils.data import DataLoader

from relnas_mm.analysis.network import build_model
from relnas_mm.architectures import Genotype
from relnas_mm.checks.contract import head_contradictions, labels_of
from relnas_mm.downstream.metrics import metrics_alone
from relnas_mm.downstream.seeded_data import SeededPart
from relnas_mm.downstream.shared_names import cell_backbone
from relnas_mm.downstream.task_configs import task_config
from relnas_mm.errors import UserError
from relnas_mm.seeding import numpy_stream, seeded, stream_seed, torch_stream

Address = tuple[int, int]
"""Generation and number of a candidate."""
RULES = ("greater", "less")


@dataclass(frozen=True)
class Score:
    """What a task says about a candidate.

    Args:
        loss: Value to minimize: the validation loss, or the metric with the sign that makes smaller better.
        metrics: All metrics of the evaluator; empty for the loss.
        train_loss: Mean loss of the training pass.
    """

    loss: float
    metrics: dict[str, float]
    train_loss: float


class Task:
    """A detector, segmentor, pose estimator or classifier of a config, whose `CellBackbone` is searched.

    The training data are divided once, by the seed.  A candidate is trained on one part for one pass, with the config's
    pipeline, model and optimizer, in channels-last if it has a `ChannelsLastHook`; its samplers, schedules and other
    hooks have no effect.  Random numbers depend on
    seed, generation, candidate and sample only, so that any number of processes and loader workers gives the same.

    Args:
        name: Name of the task, for weights, metrics and messages.
        config: Path of a config, or the config.
        cfg_options: Options to merge into it, as for `--cfg-options`.
        backbone: Key of the backbone's config.
        metric: Key of a metric of `val_evaluator` that decides, measured on `val_dataloader`; `None` decides by the
            model's own loss on the held-out part of the training data, which every candidate sees with the same
            augmentation.
        rule: Whether a 'greater' or a 'less' metric is better, as for MMEngine's `CheckpointHook`.
        train_portion: Fraction of the training data to train on, 0 < train_portion <= 1; 1 needs a metric.
        min_lr_ratio: Learning rate at the end of the search as a fraction of the optimizer's; a cosine leads there.
        source: Where a config that is no path comes from, for messages.
        seed: Seed of the search.
        device: Device to train on.

    Raises:
        UserError: The config cannot be read or lacks a part, the data are too few or contradict the head, or a value is
            out of range.
    """

    def __init__(
        self,
        name: str,
        config: "str | Config | Mapping[str, Any]",
        cfg_options: Mapping[str, Any] | None = None,
        backbone: str = "model.backbone",
        metric: str | None = None,
        rule: str = "greater",
        train_portion: float = 0.8,
        min_lr_ratio: float = 0.01,
        source: str | None = None,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        self.name, self.metric, self.rule, self.min_lr_ratio = name, metric, rule, min_lr_ratio
        self.seed, self.device = seed, torch.device(device)
        self.source = source or (config if isinstance(config, str) else f"the config of {name}")
        self.config = task_config(config, cfg_options, self.source)
        self._backbone = backbone
        self._check(train_portion)
        with self.scope():
            self._train_data = _built(self.config.train_dataloader.dataset, f"train_dataloader of {self.source!r}")
            self._test_data = None
            if metric is not None:
                self._test_data = _built(self.config.val_dataloader.dataset, f"val_dataloader of {self.source!r}")
        order = numpy_stream(seed, f"split of {name}").permutation(len(self._train_data))
        count = round(train_portion * len(order))
        self.train_indices, self.held_out = np.sort(order[:count]), np.sort(order[count:])
        size = int(self.config.train_dataloader.batch_size)
        if count < size or (metric is None and not len(self.held_out)):
            raise UserError(
                f"the training data of {self.source!r} have {len(order)} samples; with train_portion={train_portion!r} "
                f"{count} are for training and {len(self.held_out)} for validation, but a batch takes {size} and "
                "validation at least one"
            )

    def scope(self) -> Any:
        """Context in which mm's registries find the config's classes."""
        return DefaultScope.overwrite_default_scope(self.config.get("default_scope", "mmengine"))

    def build(self, genotype: Genotype | None, initialize: bool = False, pretrained: bool = False) -> torch.nn.Module:
        """The model around a genotype, on the device.

        Args:
            genotype: The cells; `None` for those of the config.
            initialize: Whether to initialize the weights as training does.
            pretrained: Whether this loads what `init_cfg` of the backbone names.

        Raises:
            UserError: The model cannot be built, or its head does not fit the data.
        """
        config = Config(self.config.to_dict())
        backbone = self._backbone_config(config)
        if genotype is not None:
            backbone.genotype = genotype.to_dict()
        if not pretrained:
            backbone.pop("init_cfg", None)
            backbone.pop("pretrained", None)
        with self.scope():
            model = build_model(config, self.source)
            if initialize:
                model.init_weights()  # type: ignore[operator]
        model.to(self.device)
        if any(hook.get("type") == "ChannelsLastHook" for hook in self.config.get("custom_hooks") or ()):
            model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return model

    def check_model(self, model: torch.nn.Module) -> None:
        """Compares the heads of a model with the labels of the data, and computes the loss of one batch.

        Raises:
            UserError: They contradict each other, or neck and head do not fit the backbone's outputs.
        """
        labels = labels_of(getattr(self._train_data, "metainfo", None))
        problems = [] if labels is None else list(head_contradictions(model, labels, "train_dataloader"))
        if problems:
            raise UserError("\n".join(problems))
        batch = self.train_indices[: int(self.config.train_dataloader.batch_size)]
        with torch.no_grad(), self.scope(), seeded(0):
            (data,) = self._batches(self._train_data, batch, 0, "train_dataloader")
            try:
                self._losses(model.eval(), data)
            except (RuntimeError, ValueError, IndexError, AssertionError) as error:
                channels = cell_backbone(model, self.source)[1].out_channels
                reason = " ".join(str(error).split())
                raise UserError(
                    f"neck and head of {self.source!r} do not fit the outputs of its backbone, which have {channels} "
                    f"channels: {reason}"
                ) from error

    def train(self, model: torch.nn.Module, address: Address, progress: float) -> float:
        """Trains a model for one pass.

        Args:
            model: Changed in place.
            address: Generation and number of the candidate.
            progress: Elapsed fraction of the search, 0 to 1.

        Returns:
            The mean loss; NaN as soon as a batch has no finite one.
        """
        seed = stream_seed(self.seed, f"training {self.name}", *address)
        indices = numpy_stream(seed, "order").permutation(self.train_indices)
        size = int(self.config.train_dataloader.batch_size)
        indices = indices[: len(indices) // size * size]  # normalization needs several values
        model.train()
        losses = []
        with self.scope(), seeded(seed):
            optimizer: Any = build_optim_wrapper(model, self.config.optim_wrapper)
            for group in optimizer.param_groups:
                group["lr"] *= self._lr_ratio(progress)
            for data in self._batches(self._train_data, indices, seed, "train_dataloader"):
                loss = model.train_step(data, optimizer)["loss"].detach()  # type: ignore[operator]
                losses.append(loss)
                if not math.isfinite(float(loss)):
                    return math.nan
        return float(torch.stack(losses).mean())

    def score(self, model: torch.nn.Module, train_loss: float = math.nan) -> Score:
        """Scores a model by the held-out loss or by the metric.

        Args:
            model: The model; in evaluation mode afterwards.
            train_loss: Loss of the training pass, for the record.

        Raises:
            UserError: The evaluator does not give the metric.
        """
        model.eval()
        seed = stream_seed(self.seed, f"validation {self.name}")
        with torch.no_grad(), self.scope(), seeded(seed):
            if self.metric is None:
                return Score(self._loss(model, seed), {}, train_loss)
            metrics = self._metrics(model, seed)
        if self.metric not in metrics:
            raise UserError(
                f"the evaluator of {self.source!r} does not give the metric {self.metric!r}; it gives "
                f"{', '.join(map(repr, sorted(metrics)))}"
            )
        value = metrics[self.metric]
        return Score(-value if self.rule == "greater" else value, metrics, train_loss)

    def _loss(self, model: Any, seed: int) -> float:
        total = 0.0
        for data in self._batches(self._train_data, self.held_out, seed, "train_dataloader"):
            loss, count = self._losses(model, data)
            total += count * loss
        return total / len(self.held_out)

    def _losses(self, model: Any, data: Any) -> tuple[float, int]:
        """Mean loss of a batch, and its number of samples."""
        prepared = model.data_preprocessor(data, True)
        loss, _ = model.parse_losses(model._run_forward(prepared, mode="loss"))
        return float(loss), len(prepared["inputs"])

    def _metrics(self, model: Any, seed: int) -> dict[str, float]:
        data_set: Any = self._test_data
        evaluator = MetricEvaluator(self.config.val_evaluator)
        evaluator.dataset_meta = data_set.metainfo
        for data in self._batches(data_set, range(len(data_set)), seed, "val_dataloader"):
            evaluator.process(data_samples=model.val_step(data), data_batch=data)
        return metrics_alone(evaluator, len(data_set))

    def _batches(self, dataset: Any, indices: Sequence[int] | np.ndarray, seed: int, loader: str) -> DataLoader[Any]:
        config = self.config[loader]
        workers = int(config.get("num_workers", 0))
        return DataLoader(
            SeededPart(dataset, indices, seed),
            batch_size=int(config.batch_size),
            num_workers=workers,
            collate_fn=_collate(config.get("collate_fn")),
            generator=torch_stream(seed, "workers"),
            worker_init_fn=_one_thread if workers else None,
        )

    def _lr_ratio(self, progress: float) -> float:
        return self.min_lr_ratio + 0.5 * (1 - self.min_lr_ratio) * (1 + math.cos(math.pi * progress))

    def _backbone_config(self, config: Config) -> Any:
        found: Any = config
        for key in self._backbone.split("."):
            found = found.get(key) if isinstance(found, (Config, Mapping)) else None
        if not isinstance(found, Mapping) or str(found.get("type")).rpartition(".")[2] != "CellBackbone":
            kind = found.get("type") if isinstance(found, Mapping) else found
            raise UserError(
                f"{self._backbone} of {self.source!r} has the type {kind!r}; a search needs a CellBackbone there (set "
                "`backbone` to the key of another one)"
            )
        return found

    def _check(self, train_portion: float) -> None:
        if self.rule not in RULES:
            raise UserError(f"rule of {self.name} is {self.rule!r}; allowed are {', '.join(map(repr, RULES))}")
        if not 0 < train_portion <= 1 or (train_portion == 1 and self.metric is None):
            raise UserError(
                f"train_portion of {self.name} is {train_portion!r}; it must be above 0 and at most 1, and below 1 "
                "where the loss of the held-out part decides"
            )
        if not 0 <= self.min_lr_ratio <= 1:
            raise UserError(f"min_lr_ratio of {self.name} is {self.min_lr_ratio!r}; it must be from 0 to 1")
        needed = ["model", "train_dataloader", "optim_wrapper"]
        needed += ["val_dataloader", "val_evaluator"] if self.metric is not None else []
        if missing := [key for key in needed if not self.config.get(key)]:
            raise UserError(f"{self.source!r} lacks {', '.join(missing)}")
        self._backbone_config(self.config)


def _built(dataset: Any, source: str) -> Any:
    try:
        built = DATASETS.build(dataset)
    except UserError:
        raise
    except Exception as error:  # data sets of mm packages may raise anything
        raise UserError(f"the data of {source} cannot be read: {type(error).__name__}: {error}") from error
    return built


def _collate(config: Any) -> Callable[[list[Any]], Any]:
    arguments = dict(config or {"type": "pseudo_collate"})
    return functools.partial(FUNCTIONS.get(arguments.pop("type")), **arguments)  # type: ignore[arg-type]


def _one_thread(_: int) -> None:
    """Loader workers share the cores with each other."""
    import cv2

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
