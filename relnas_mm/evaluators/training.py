"""How a candidate learns and is scored: one epoch over each part of the data, as in the reference implementation.

What is computed stands here; how a device carries it out is the matter of `evaluators.execution`.
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
"""A step on images and labels; gives loss and number of correct answers, (2,), which stay on the device."""
Precision = Callable[[], AbstractContextManager[Any]]
"""Makes the context in which forward passes run."""


@dataclass(frozen=True)
class TrainConfig:
    """Settings of SGD and of the schedules over the search; the defaults are those of the reference implementation.

    Args:
        batch_size: Images in a step.
        lr: Learning rate of the first generation.
        min_lr: Where the cosine over the generations ends.
        momentum: Momentum.
        weight_decay: Weight decay, on all parameters.
        grad_clip: Largest norm of the gradient.
        drop_path_rate: Probability that drop path reaches at the end of the search, from 0.
        eval_batch_size: Images in a step of evaluation; `None` means as many as in training.  Only rounding differs.

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
            raise UserError(f"min_lr is {self.min_lr!r} and lr {self.lr!r}; needed is 0 <= min_lr <= lr")
        if not 0 <= self.drop_path_rate < 1:
            raise UserError(f"drop_path_rate is {self.drop_path_rate!r}; it must be at least 0 and below 1")

    def lr_at(self, progress: float) -> float:
        """Learning rate of a generation, constant within it.

        Args:
            progress: Share of the generations that lie behind, 0 to 1.
        """
        return self.min_lr + 0.5 * (self.lr - self.min_lr) * (1 + math.cos(math.pi * progress))

    def drop_path_at(self, progress: float) -> float:
        """Drop-path rate of a generation."""
        return self.drop_path_rate * progress

    def optimizer(self, parameters: list[nn.Parameter], progress: float, fused: bool = False) -> torch.optim.SGD:
        """A fresh optimizer for a candidate of a generation.

        Args:
            parameters: What it moves.
            progress: As `lr_at`.
            fused: One kernel for all parameters, which rounds differently.
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
        Mean loss and accuracy, in percent, of the images while they were trained on.
    """
    network.train()
    step, metrics = training_step(network, optimizer, grad_clip, precision), EpochMetrics(mean_losses=True)
    for images, labels in batches:
        metrics.add(step(images, labels), len(labels))
    return metrics.means()


def evaluate(network: nn.Module, batches: Batches, precision: Precision = nullcontext) -> tuple[float, float]:
    """Mean cross-entropy and accuracy in percent, with the running statistics of the normalization layers."""
    network.eval()
    step, metrics = evaluation_step(network, precision), EpochMetrics(mean_losses=False)
    for images, labels in batches:
        metrics.add(step(images, labels), len(labels))
    return metrics.means()


def training_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, grad_clip: float, precision: Precision = nullcontext
) -> Step:
    """A step of SGD on the cross-entropy of a batch; its loss is the mean over the images.

    Args:
        network: What is trained.
        optimizer: Of its parameters.
        grad_clip: Largest norm of the gradient.
        precision: Makes the context of the forward pass.
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
    """Scores a batch; its loss is the sum over the images."""

    @torch.no_grad()
    def step(images: Tensor, labels: Tensor) -> Tensor:
        with precision():
            logits = network(images)
        loss = F.cross_entropy(logits.float(), labels, reduction="sum")
        return torch.stack([loss, (logits.argmax(dim=1) == labels).sum().float()])

    return step


class EpochMetrics:
    """Loss and accuracy of an epoch; nothing waits for the device before they are asked for.

    Args:
        mean_losses: Whether the loss of a step is the mean over its images; else their sum.
    """

    def __init__(self, mean_losses: bool):
        self._mean_losses = mean_losses
        self._results: list[Tensor] = []
        self._sizes: list[int] = []

    def add(self, result: Tensor, size: int) -> None:
        """Takes what a step gave for so many images."""
        self._results.append(result)
        self._sizes.append(size)

    def means(self) -> tuple[float, float]:
        """Waits for the device, and gives mean loss, and accuracy in percent."""
        rows = torch.stack(self._results).tolist()
        images = sum(self._sizes)
        losses = [loss * size if self._mean_losses else loss for (loss, _), size in zip(rows, self._sizes)]
        return sum(losses) / images, 100.0 * sum(correct for _, correct in rows) / images


@torch.no_grad()
def recalibrate(network: nn.Module, batches: Batches) -> None:
    """Replaces the running statistics of normalization layers by their plain mean over the batches."""
    layers = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # PyTorch's sign for a plain mean
    network.train()
    for images, _ in batches:
        network(images)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
