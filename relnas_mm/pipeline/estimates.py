"""What the steps of a pipeline will take, estimated before they run: time, memory and disk.

A training is estimated from a forward and backward pass of its network on this machine, at a reduced image size.  The
figures are meant for planning: within a factor of two, more where loading images is the bottleneck.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

from relnas_mm.analysis.input_shape import config_shape
from relnas_mm.analysis.network import Network, build_model
from relnas_mm.architectures import GENOTYPES
from relnas_mm.datasets.arrays import load_images
from relnas_mm.datasets.shapes import LAYOUTS
from relnas_mm.errors import UserError
from relnas_mm.evaluators.memory_estimate import saved_storages, size_of
from relnas_mm.networks import NetworkShape
from relnas_mm.pipeline.plan import PipelinePlan
from relnas_mm.pipeline.run import PipelineRun
from relnas_mm.pipeline.steps import Step

STAND_IN = "relativenas"
"""Cell in place of one that is not found yet."""
PROBED_SIDE = 128
"""Longest side of the images of the measured pass, in pixels."""
PROBED_BATCH = 4
"""Images of the measured pass: enough that layers, not their calls, take the time."""
PROCESS_BYTES = 800 << 20
"""Memory of a process that has imported torch and the mm packages."""
WORKER_BYTES = 300 << 20
"""Further memory of a worker of a data loader."""
START_SECONDS = 15.0
"""Time that a tool takes to import packages and to build model and data."""
IMAGES_PER_SECOND = 150.0
"""Images that one core generates in a second."""
JPEG_SHARE = 0.15
"""Size of a JPEG image in relation to its pixels' bytes."""


@dataclass(frozen=True)
class Estimate:
    """Estimated needs of a step; `None` where nothing is known.

    Args:
        seconds: Duration.
        memory: Peak memory in bytes: on the GPU if there is one, else of the processes.
        disk: Bytes that it leaves in the work_dir, or of the data that it generates.
    """

    seconds: float | None = None
    memory: float | None = None
    disk: float | None = None


@dataclass(frozen=True)
class _Pass:
    """Measured pass of a network.

    Args:
        training: Seconds of forward and backward for one image at full size.
        inference: Seconds of forward alone.
        activations: Bytes saved for the backward pass of one image.
        weights: Bytes of the weights.
    """

    training: float
    inference: float
    activations: float
    weights: float


class Estimates:
    """Estimates of a pipeline's steps, made when they are asked for.

    Args:
        plan: The pipeline.
        pipeline: Its steps and inputs.
    """

    def __init__(self, plan: PipelinePlan, pipeline: PipelineRun):
        self.plan, self.pipeline = plan, pipeline
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.threads = int(pipeline.launcher.environment(jobs=pipeline.jobs)["OMP_NUM_THREADS"])
        self._passes: dict[str, _Pass] = {}
        self._lengths: dict[str, int | None] = {}
        self._estimates: dict[str, Estimate] = {}

    def __getitem__(self, step: Step) -> Estimate:
        if step.name not in self._estimates:
            torch.set_num_threads(self.threads)  # as many as the tool will have
            try:
                self._estimates[step.name] = self._estimate(step)
            except Exception:  # an estimate must not stop what the step itself reports in its own words
                self._estimates[step.name] = Estimate()
        return self._estimates[step.name]

    def _estimate(self, step: Step) -> Estimate:
        if step.stage == "data":
            return self._generation(step)
        if step.tool == "search":
            return self._search(step)
        config = self.pipeline.inputs.config(step)
        if config is None:
            return Estimate(START_SECONDS, PROCESS_BYTES, 50e6 if step.tool == "convert_checkpoint" else 1e5)
        one = self._pass(step, config)
        if step.tool == "analyze":
            return Estimate(START_SECONDS + 70 * one.inference, PROCESS_BYTES + 2 * one.weights, 1e5)
        loader = config.train_dataloader if step.tool == "train" else config.test_dataloader
        batch, workers = int(loader.batch_size), int(loader.get("num_workers", 0))
        memory = 0.0 if self.device.type == "cuda" else PROCESS_BYTES + workers * WORKER_BYTES
        if step.tool == "test":
            images = self._length(config, "test_dataloader")
            seconds = None if images is None else START_SECONDS + images * one.inference / self.pipeline.launcher.gpus
            return Estimate(seconds, memory + one.weights + batch * one.activations / 4, 1e6)
        states = 2 if "Adam" in str(config.optim_wrapper.optimizer.type) else 1
        memory += (2 + states) * one.weights + batch * one.activations
        kept = config.get("default_hooks", {}).get("checkpoint", {}) or {}
        count = max(int(kept.get("max_keep_ckpts", -1)), 1) + bool(kept.get("save_best"))
        return Estimate(self._training_seconds(config, one, batch), memory, count * (1 + states) * one.weights + 2e6)

    def _training_seconds(self, config: Config, one: _Pass, batch: int) -> float | None:
        gpus = self.pipeline.launcher.gpus
        if "max_iters" in config.train_cfg:
            steps = config.train_cfg.max_iters
            rounds = max(1, steps // int(config.train_cfg.get("val_interval", steps)))
            trained: float = steps * batch  # the batch is that of one process
        else:
            images = self._length(config, "train_dataloader")
            if images is None:
                return None
            epochs = int(config.train_cfg.max_epochs)
            rounds = max(1, epochs // int(config.train_cfg.get("val_interval", 1)))
            trained = epochs * images / gpus
        validated = (self._length(config, "val_dataloader") or 0) * rounds / gpus
        return START_SECONDS + trained * one.training + validated * one.inference

    def _generation(self, step: Step) -> Estimate:
        entry = next(one for one in self.plan.data if str(one["root"]) == str(step.folder))
        count = sum(self._generated(entry).values())
        size = entry.get("image_size") or LAYOUTS[entry["layout"]].image_size
        width, height = size if isinstance(size, (list, tuple)) else (size, size)
        pixels = width * height * 3
        share = 1.0 if LAYOUTS[entry["layout"]].fixed_size else JPEG_SHARE
        return Estimate(4 + count / IMAGES_PER_SECOND, 200 << 20, count * pixels * share)

    def _generated(self, entry: dict[str, Any]) -> dict[str, int]:
        return dict(entry.get("splits") or LAYOUTS[entry["layout"]].splits)

    def _search(self, step: Step) -> Estimate:
        config = self.pipeline.inputs.config(step)
        assert config is not None
        strategy, evaluator = config.train_cfg.strategy, config.train_cfg.evaluator
        candidates = strategy.population_size * (strategy.generations + 1)
        data = evaluator.data.to_dict()
        images = data.get("limit") or self._array_length(data)
        training = evaluator.get("training", {})
        batch = int(training.get("batch_size", 256))
        shape = NetworkShape(**evaluator.get("network", {}).to_dict(), num_classes=data.get("num_classes") or 10)
        key = json.dumps(["search", evaluator.get("network", {}).to_dict()])
        if key not in self._passes:
            network = GENOTYPES[STAND_IN].build(shape).to(self.device)
            self._passes[key] = _measured(network, (32, 32), 4 * PROBED_BATCH, self.device)
        one = self._passes[key]
        weights = 10 * one.weights  # the supernet holds every operation on every edge
        memory = batch * one.activations + 2 * weights + (0 if self.device.type == "cuda" else PROCESS_BYTES)
        if images is None:
            return Estimate(None, memory, 2 * weights)
        portion = float(evaluator.get("train_portion", 0.5))
        each = images * (portion * one.training + (1 - portion) * one.inference)
        return Estimate(START_SECONDS + candidates * each, memory, 2 * weights)

    def _array_length(self, data: dict[str, Any]) -> int | None:
        for entry in self.plan.data:
            if str(entry["root"]) == str(data.get("data_root")):
                return self._generated(entry)["train"]
        try:
            return len(load_images(**data))
        except UserError:
            return None

    def _pass(self, step: Step, config: Config) -> _Pass:
        """The measured pass of a step's network; networks are built once for each config and genotype."""
        config = Config(config.to_dict())
        genotype = {key: value for key, value in step.options.items() if key.endswith(".genotype")}
        named = {key: value if value in GENOTYPES else STAND_IN for key, value in genotype.items()}
        assert step.job is not None
        key = json.dumps([step.job.config, step.job.options, named], sort_keys=True, default=str)
        if key not in self._passes:
            config.merge_from_dict(named)
            shape = config_shape(config, step.job.config)
            network = Network(build_model(config, step.job.config)).to(self.device)
            self._passes[key] = _measured(network, (shape.height, shape.width), PROBED_BATCH, self.device)
        return self._passes[key]

    def _length(self, config: Config, loader: str) -> int | None:
        """Number of images of a data loader; `None` if the data set is not there."""
        dataset = config[loader].dataset.to_dict()
        key = json.dumps(dataset, sort_keys=True, default=str)
        if key not in self._lengths:
            self._lengths[key] = self._planned_length(dataset)
        if self._lengths[key] is None:
            init_default_scope(config.get("default_scope", "mmengine"))
            try:
                self._lengths[key] = len(DATASETS.build(dataset))
            except Exception:  # the step itself says in its own words what is wrong with its data
                return None
        return self._lengths[key]

    def _planned_length(self, dataset: dict[str, Any]) -> int | None:
        """Number of images of a data set that the pipeline generates."""
        text = json.dumps(dataset, default=str)
        for entry in self.plan.data:
            root = str(entry["root"]).rstrip("/")
            if f'{root}"' in text or f"{root}/" in text:
                counts = self._generated(entry)
                split = next((name for name in ("train", "val", "test") if f"{name}" in text.replace(root, "")), "")
                return counts.get(split, counts.get("test", counts["train"]))
        return None


def _measured(network: torch.nn.Module, size: tuple[int, int], batch: int, device: torch.device) -> _Pass:
    """Measures a network at a reduced size, and scales the figures by the number of pixels."""
    shrink = min(1.0, PROBED_SIDE / max(size))
    height, width = (max(32, round(side * shrink / 32) * 32) for side in size)
    scale = size[0] * size[1] / (height * width) / batch
    images = torch.randn(batch, 3, height, width, device=device)
    network.train()
    _step(network, images, device)
    training, activations = _step(network, images, device)
    network.eval()
    with torch.no_grad():
        network(images)
        begun = time.perf_counter()
        network(images)
    _wait(device)
    inference = time.perf_counter() - begun
    weights = size_of(*network.state_dict().values())
    return _Pass(training * scale, inference * scale, activations * scale, weights)


def _step(network: torch.nn.Module, images: torch.Tensor, device: torch.device) -> tuple[float, float]:
    """Seconds of a forward and backward pass, and the bytes saved in between."""
    begun = time.perf_counter()
    with saved_storages(network) as saved:
        outputs: Any = network(images)
    loss: Any = sum(one.float().mean() for one in _tensors(outputs) if one.requires_grad)
    loss.backward()
    network.zero_grad()
    _wait(device)
    return time.perf_counter() - begun, float(sum(storage.nbytes() for storage in saved))


def _tensors(outputs: Any) -> list[torch.Tensor]:
    if isinstance(outputs, torch.Tensor):
        return [outputs]
    return [tensor for one in outputs for tensor in _tensors(one)] if isinstance(outputs, (list, tuple)) else []


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
