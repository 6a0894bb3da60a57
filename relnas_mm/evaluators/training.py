"""How a candidate is trained and scored: one pass over each half of the data, as released."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.evaluators.execution import Execution, Lane, RecordedStep, Step
from relnas_mm.evaluators.side_by_side import Errand, nothing_left
from relnas_mm.kernels import check_kernels

Batches = Iterable[tuple[Tensor, Tensor]]
PLAIN = Lane()


@dataclass(frozen=True)
class Recipe:
    """Settings of SGD and of the schedules over the search; the defaults are the released ones.

    Args:
        batch_size: Images in a step.
        lr: Learning rate of the first generation.
        min_lr: Where the cosine over the generations ends.
        momentum: Momentum.
        weight_decay: Weight decay, on all parameters.
        clip: Largest norm of the gradient.
        drop_path_rate: Probability that drop path reaches at the end of the search, from 0.
        channels_last: Keep maps with the channels last in memory: faster on CPUs, with losses that differ in the last
            digits.  No effect on CUDA with kernels='triton'.
        bit_exact: Compute as the released code does, to the last digit (`Cell`); `False` is faster.
        kernels: On CUDA, 'triton' computes cells by the kernels of `relnas_mm.kernels`.
        autocast: 'bfloat16' computes in that type where PyTorch thinks fit (`Execution`).
        cuda_graph: On CUDA, replay a recorded step (`Execution`).
        streams: How many learners work side by side (`Execution`).
        keep_memory: On CPUs, memory that a step frees stays with the process (`Execution`).
        scoring_batch_size: Images in a step that scores; `None` means as many as in training.  Only rounding differs.

    Raises:
        UserError: A value is out of range.
    """

    batch_size: int = 256
    lr: float = 0.1
    min_lr: float = 0.001
    momentum: float = 0.9
    weight_decay: float = 3e-4
    clip: float = 5.0
    drop_path_rate: float = 0.3
    channels_last: bool = False
    bit_exact: bool = True
    kernels: str = "torch"
    autocast: str | None = None
    cuda_graph: bool = False
    streams: int = 1
    keep_memory: bool = False
    scoring_batch_size: int | None = None

    def __post_init__(self) -> None:
        for name in ("batch_size", "scoring_batch_size"):
            if (size := getattr(self, name)) is not None and size < 1:
                raise UserError(f"{name} is {size!r}; it must be at least 1")
        if not 0 <= self.min_lr <= self.lr:
            raise UserError(f"min_lr is {self.min_lr!r} and lr {self.lr!r}; needed is 0 <= min_lr <= lr")
        if not 0 <= self.drop_path_rate < 1:
            raise UserError(f"drop_path_rate is {self.drop_path_rate!r}; it must be at least 0 and below 1")
        check_kernels(self.kernels, self.bit_exact)
        _ = self.execution  # checks its part

    def on(self, device: torch.device) -> "Recipe":
        """The settings as they hold on a device: the kernels for CUDA want contiguous maps."""
        contiguous = device.type == "cuda" and self.kernels == "triton"
        return replace(self, channels_last=False) if contiguous else self

    @property
    def execution(self) -> Execution:
        """How steps are carried out."""
        return Execution(self.autocast, self.cuda_graph, self.streams, self.keep_memory)

    @property
    def memory_format(self) -> torch.memory_format:
        """How maps lie in memory."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def lr_at(self, progress: float) -> float:
        """Learning rate of a generation, constant within it.

        Args:
            progress: Share of the generations that lie behind, 0 to 1.
        """
        return self.min_lr + 0.5 * (self.lr - self.min_lr) * (1 + math.cos(math.pi * progress))

    def drop_path_at(self, progress: float) -> float:
        """Drop-path rate of a generation."""
        return self.drop_path_rate * progress

    def optimizer(self, parameters: list[nn.Parameter], progress: float) -> torch.optim.SGD:
        """A fresh optimizer for a candidate of a generation."""
        fused = True if parameters[0].is_cuda and not self.bit_exact else None  # None leaves it to PyTorch
        return torch.optim.SGD(
            parameters, self.lr_at(progress), self.momentum, weight_decay=self.weight_decay, fused=fused
        )


def train_one_pass(
    network: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches, clip: float, lane: Lane = PLAIN
) -> float:
    """One pass of training with cross-entropy; gives the mean loss of the images while they were trained on."""
    return learn_one_pass(network, optimizer, batches, clip, lane)[0]


def learn_one_pass(
    network: nn.Module, optimizer: torch.optim.Optimizer, batches: Batches, clip: float, lane: Lane = PLAIN
) -> tuple[float, float]:
    """One pass of training with cross-entropy.

    Returns:
        Mean loss and accuracy, in percent, of the images while they were trained on.
    """
    return training_pass(network, optimizer, clip, lane).over(batches)


def score(network: nn.Module, batches: Batches, lane: Lane = PLAIN) -> tuple[float, float]:
    """Mean cross-entropy and accuracy in percent, with the running statistics of the normalization layers."""
    return scoring_pass(network, lane).over(batches)


class Pass:
    """One pass over batches, of which nothing waits for the device before its results are asked for.

    Args:
        network: What works.
        training: Whether it trains.
        step: Gives the loss of a batch, in training the mean over its images and else the sum, and the number of right
            answers, (2,).
        lane: Where the steps are queued.
        generators: What the network draws from, beside PyTorch's own generator.
    """

    def __init__(
        self, network: nn.Module, training: bool, step: Step, lane: Lane, generators: Sequence[torch.Generator] = ()
    ):
        self._network, self._training, self._lane = network, training, lane
        self._step = lane.prepared(step, generators)
        self._results: dict[int, Tensor] = {}
        self._sizes: list[int] = []

    def expect(self, batches: Batches) -> None:
        """Records steps for batches of such sizes, where the lane does; the examples are its own from then on."""
        if not isinstance(self._step, RecordedStep):
            return
        self._network.train(self._training)
        for images, labels in batches:
            self._step.expect(images, labels)

    def steps(self, batches: Batches) -> Iterator[Errand]:
        """One step after the other: queued when it is asked for, or, where it needs no other one, when it is called."""
        self._network.train(self._training)
        batches = iter(batches)
        while True:
            with self._lane.entered():
                batch = next(batches, None)
            if batch is None:
                return
            queue = partial(self._queue, len(self._sizes), *batch)
            self._sizes.append(len(batch[1]))
            if self._lane.records or self._training:
                queue()
                yield nothing_left
            else:
                yield queue

    def _queue(self, number: int, images: Tensor, labels: Tensor) -> None:
        with self._lane.entered():
            self._results[number] = self._step(images, labels)
        self._lane.throttle()

    def means(self) -> tuple[float, float]:
        """Waits for the device, and gives mean loss, and accuracy in percent."""
        with self._lane.entered():
            rows = torch.stack([self._results[number] for number in range(len(self._sizes))]).tolist()
        images = sum(self._sizes)
        losses = [loss * size if self._training else loss for (loss, _), size in zip(rows, self._sizes)]
        return sum(losses) / images, 100.0 * sum(hits for _, hits in rows) / images

    def over(self, batches: Batches) -> tuple[float, float]:
        """The whole pass at once."""
        for step in self.steps(batches):
            step()
        return self.means()


def training_pass(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    clip: float,
    lane: Lane = PLAIN,
    generators: Sequence[torch.Generator] = (),
) -> Pass:
    """One pass of training with cross-entropy, whose loss is that of the images while they were trained on.

    Args:
        network: What is trained.
        optimizer: Of its parameters.
        clip: Largest norm of the gradient.
        lane: Where the steps are queued.
        generators: What the network draws from, beside PyTorch's own generator.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]

    def step(inputs: Tensor, labels: Tensor) -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        with lane.precision():
            logits = network(inputs)
            loss = F.cross_entropy(logits, labels)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
        return torch.stack([loss.detach(), (logits.argmax(dim=1) == labels).sum().to(loss.dtype)])

    return Pass(network, True, step, lane, generators)


def scoring_pass(network: nn.Module, lane: Lane = PLAIN) -> Pass:
    """One pass that scores a network, with the running statistics of its normalization layers."""

    @torch.no_grad()
    def step(inputs: Tensor, labels: Tensor) -> Tensor:
        with lane.precision():
            logits = network(inputs)
        loss = F.cross_entropy(logits.float(), labels, reduction="sum")
        return torch.stack([loss, (logits.argmax(dim=1) == labels).sum().float()])

    return Pass(network, False, step, lane)


@torch.no_grad()
def recalibrate(network: nn.Module, batches: Batches) -> None:
    """Replaces the running statistics of normalization layers by their plain mean over the batches."""
    layers = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # PyTorch's sign for a plain mean
    network.train()
    for inputs, _ in batches:
        network(inputs)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
