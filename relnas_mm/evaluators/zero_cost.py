"""Zero-cost proxies: scores of untrained networks."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from relnas_mm.architectures import Architecture
from relnas_mm.backends import Backend, FeatureMap
from relnas_mm.datasets.arrays import ImageArrays, epoch_batches, load_images
from relnas_mm.errors import UserError
from relnas_mm.evaluators.base import Evaluation, Evaluator
from relnas_mm.networks import NetworkShape
from relnas_mm.seeding import seeded, stream_seed
from relnas_mm.spaces import Space
from relnas_mm.strategies import Candidate, Group


class ZeroCostEvaluator(Evaluator):
    """Scores candidates without training; their loss is minus the proxy's score.

    Supports all families of architectures that build networks.

    Args:
        data: Arguments of `load_images`.
        proxy: One of `PROXIES`: 'params' and 'macs' (logarithms of the costs), 'synflow' (Tanaka et al., NeurIPS 2020,
            without normalizations, as a logarithm) or 'naswot' (Mellor et al., ICML 2021).
        network: Fields of `NetworkShape` that the data do not determine: init_channels, num_cells.
        batch_size: Images that 'naswot' compares.
        space: The search space; it is not used.
        seed: Seed of initial weights.
        device: Device to compute on.

    Raises:
        UserError: The data cannot be read, or the proxy is unknown.
    """

    independent = True

    def __init__(
        self,
        data: Mapping[str, Any],
        proxy: str = "synflow",
        network: Mapping[str, Any] | None = None,
        batch_size: int = 64,
        space: Space | None = None,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ):
        if proxy not in PROXIES:
            raise UserError(f"proxy of ZeroCostEvaluator is {proxy!r}; allowed are {', '.join(map(repr, PROXIES))}")
        if batch_size < 2:
            raise UserError(f"batch_size of ZeroCostEvaluator is {batch_size!r}; it must be at least 2")
        self.proxy, self.seed, self.device = proxy, seed, torch.device(device)
        images = load_images(**data)
        self.images = _first_batch(images, batch_size).to(self.device)
        _, channels, height, width = images.images.shape
        settings: dict[str, Any] = {"image_size": (height, width), **(network or {})}
        self.shape = NetworkShape(**settings, num_classes=len(images.classes), in_channels=channels)

    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """Scores all candidates."""
        return [[self._score(candidate, group.generation) for candidate in group.candidates] for group in groups]

    def _score(self, candidate: Candidate, generation: int) -> Evaluation:
        start = time.perf_counter()
        with seeded(stream_seed(self.seed, "weights", generation, candidate.number)):
            score = PROXIES[self.proxy](candidate.architecture, self.shape, self.images)
        return Evaluation(-score, {"score": score, "seconds": time.perf_counter() - start})


def params(architecture: Architecture, shape: NetworkShape, images: Tensor) -> float:
    """Logarithm of the number of parameters."""
    return torch.tensor(float(architecture.cost(shape).params)).log().item()


def macs(architecture: Architecture, shape: NetworkShape, images: Tensor) -> float:
    """Logarithm of the number of multiply-adds."""
    return torch.tensor(float(architecture.cost(shape).macs)).log().item()


def synflow(architecture: Architecture, shape: NetworkShape, images: Tensor) -> float:
    """Logarithm of the sum of weight times gradient, of positive weights on an image of ones, without normalizations.

    Minus infinity for a network that passes nothing on.
    """
    network = architecture.build(shape, "reference").to(images.device).double().eval()
    _remove_norms(network)
    weights = [each.weight for each in network.modules() if isinstance(each, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    out = network(torch.ones_like(images[:1], dtype=torch.float64)).sum()
    gradients = torch.autograd.grad(out, weights, allow_unused=True)
    terms = [(weight * grad).abs().sum() for weight, grad in zip(weights, gradients) if grad is not None]
    return torch.stack(terms).sum().log().item()


def naswot(architecture: Architecture, shape: NetworkShape, images: Tensor) -> float:
    """Log-determinant of the kernel of binary ReLU patterns of a batch."""
    kernel = torch.zeros(len(images), len(images), dtype=torch.float64, device=images.device)

    def add(activated: Tensor) -> None:
        code = (activated > 0).flatten(1).float()
        kernel.add_(code @ code.T + (1 - code) @ (1 - code).T)

    def record(_module: nn.Module, _inputs: Any, out: Tensor) -> None:
        add(out)

    network = architecture.build(shape, _Recorder(add)).to(images.device).train()
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(record)
    with torch.no_grad():
        network(images)
    return torch.linalg.slogdet(kernel)[1].item()


Proxy = Callable[[Architecture, NetworkShape, Tensor], float]
PROXIES: dict[str, Proxy] = {"params": params, "macs": macs, "synflow": synflow, "naswot": naswot}
"""Scores of an architecture in a network of a shape on a batch of images, (n, c, h, w), higher is better."""


class _Recorder(Backend):
    """The reference backend; passes each ReLU that is no module of its own to a function."""

    def __init__(self, record: Callable[[Tensor], None]):
        self._record = record

    def relu(self, x: FeatureMap) -> Tensor:
        out = super().relu(x)
        self._record(out)
        return out


def _remove_norms(network: nn.Module) -> None:
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm):
                setattr(parent, name, nn.Identity())


def _first_batch(images: ImageArrays, size: int) -> Tensor:
    return next(iter(epoch_batches(images, size)))[0]
