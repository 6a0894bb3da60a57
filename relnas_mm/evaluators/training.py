"""Training and evaluation steps of candidates, as in the reference implementation.

`evaluators.execution` defines how devices execute them.
"""

import math
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.errors import UserError

Batches = Iterable[tuple[Tensor, Tensor]]
"""Images, (n, c, h, w), and labels, (n,)."""
Step = Callable[[Tensor, Tensor], Tensor]
"""Maps images and labels to loss and number of correct predictions, (2,), on the device."""
Precision = Callable[[], AbstractContextManager[Any]]
"""Creates the context manager for forward passes."""


@dataclass(frozen=True)
class TrainConfig:
    """SGD and its schedules over the search; the defaults are those of the reference implementation.

    Args:
        batch_size: Images per training step.
        lr: Initial learning rate.
        min_lr: Final learning rate of the cosine schedule.
        momentum: Momentum.
        weight_decay: Weight decay of all parameters.
        grad_clip: Maximum gradient norm.
        drop_path_rate: Final drop-path rate of the linear schedule from 0.
        eval_batch_size: Images per evaluation step; `None` means `batch_size`.  It affects rounding only.

    Raises:
        UserError: A value is out of range.
    """

    batch_size: int = 256
    lr: float = 0.1
    min_lr: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 3e-4
    grad_clip: float = 5.0
    drop_path_rate: float = 0.3
    eval_batch_size: int | None = None

    def __post_init__(self) -> None:
        for name in ("batch_size", "eval_batch_size"):
            if (size := getattr(self, name)) is not None and size < 1:
                raise UserError(f"{name} is {size!r}; it must be at least 1")
        if not 0 <= self.min_lr <= self.lr:
            raise UserError(f"min_lr is {self.min_lr!r} and lr {self.lr!r}; required: 0 <= min_lr <= lr")
        if not 0 <= self.drop_path_rate < 1:
            raise UserError(f"drop_path_rate is {self.drop_path_rate!r}; it must be at least 0 and below 1")

    def lr_at(self, progress: float) -> float:
        """Learning rate of the cosine schedule.

        Args:
            progress: Elapsed fraction of the schedule, 0 to 1.
        """
        return self.min_lr + 0.5 * (self.lr - self.min_lr) * (1 + math.cos(math.pi * progress))

    def drop_path_at(self, progress: float) -> float:
        """Drop-path rate of the linear schedule; `progress` as in `lr_at`."""
        return self.drop_path_rate * progress

    def optimizer(self, parameters: list[nn.Parameter], progress: float, fused: bool = False) -> torch.optim.SGD:
        """Creates an optimizer.

        Args:
            parameters: Parameters to train.
            progress: As in `lr_at`.
            fused: Whether to use PyTorch's fused implementation, which rounds differently.
        """
        return torch.optim.SGD(
            parameters, self.lr_at(progress), self.momentum, weight_decay=self.weight_decay, fused=fused or None
        )


def train_one_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    grad_clip: float,
    precision: Precision = nullcontext,
) -> tuple[float, float]:
    """Trains for one epoch with cross-entropy.

    Returns:
        Mean loss, and accuracy in percent, over the epoch's training steps.
    """
    network.train()
    step, metrics = training_step(network, optimizer, grad_clip, precision), EpochMetrics(mean_losses=True)
    for images, labels in batches:
        metrics.add(step(images, labels), len(labels))
    return metrics.means()


def evaluate(network: nn.Module, batches: Batches, precision: Precision = nullcontext) -> tuple[float, float]:
    """Evaluates a network; returns mean cross-entropy and accuracy in percent."""
    network.eval()
    step, metrics = evaluation_step(network, precision), EpochMetrics(mean_losses=False)
    for images, labels in batches:
        metrics.add(step(images, labels), len(labels))
    return metrics.means()


@torch.no_grad()
def image_losses(network: nn.Module, batches: Batches, precision: Precision = nullcontext) -> tuple[Tensor, Tensor]:
    """Evaluates a network; returns the cross-entropy of each image, and 1 for correct classes, else 0, each (n,)."""
    network.eval()
    losses, corrects = [], []
    for images, labels in batches:
        with precision():
            logits = network(images)
        losses.append(F.cross_entropy(logits.float(), labels, reduction="none"))
        corrects.append((logits.argmax(dim=1) == labels).float())
    return torch.cat(losses), torch.cat(corrects)


def training_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, grad_clip: float, precision: Precision = nullcontext
) -> Step:
    """Creates an optimization step on the cross-entropy of a batch; its loss is the mean over the images.

    Args:
        network: The network.
        optimizer: Optimizer of its parameters.
        grad_clip: Maximum gradient norm.
        precision: Creates the context manager for forward passes.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]

    def step(images: Tensor, labels: Tensor) -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        with precision():
            logits = network(images)
            loss = F.cross_entropy(logits, labels)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, grad_clip)
        optimizer.step()
        return torch.stack([loss.detach(), (logits.argmax(dim=1) == labels).sum().to(loss.dtype)])

    return step


def evaluation_step(network: nn.Module, precision: Precision = nullcontext) -> Step:
    """Creates an evaluation step; its loss is the sum over the images."""

    @torch.no_grad()
    def step(images: Tensor, labels: Tensor) -> Tensor:
        with precision():
            logits = network(images)
        loss = F.cross_entropy(logits.float(), labels, reduction="sum")
        return torch.stack([loss, (logits.argmax(dim=1) == labels).sum().float()])

    return step


class EpochMetrics:
    """Accumulates loss and accuracy over an epoch; synchronizes only when they are read.

    Args:
        mean_losses: Whether the loss of a step is the mean over its images, else their sum.
    """

    def __init__(self, mean_losses: bool):
        self._mean_losses = mean_losses
        self._results: list[Tensor] = []
        self._sizes: list[int] = []

    def add(self, result: Tensor, size: int) -> None:
        """Adds the result of a step on `size` images."""
        self._results.append(result)
        self._sizes.append(size)

    def means(self) -> tuple[float, float]:
        """Synchronizes, and returns mean loss and accuracy in percent."""
        rows = torch.stack(self._results).tolist()
        images = sum(self._sizes)
        losses = [loss * size if self._mean_losses else loss for (loss, _), size in zip(rows, self._sizes)]
        return sum(losses) / images, 100.0 * sum(correct for _, correct in rows) / images


@torch.no_grad()
def recalibrate(network: nn.Module, batches: Batches) -> None:
    """Replaces the running statistics of batch normalizations by their cumulative average over the batches."""
    layers = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # cumulative average
    network.train()
    for images, _ in batches:
        network(images)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
