"""Parameters and operations of the parts of a network."""

from collections import Counter
from dataclasses import dataclass, replace

import torch
from mmengine.analysis import ActivationAnalyzer, FlopAnalyzer
from torch import Tensor, nn

from relnas_mm.analysis.dependence import parameters_in_use
from relnas_mm.analysis.macs import MultiplyAdds, count_macs
from relnas_mm.analysis.network import Network
from relnas_mm.errors import UserError

TOTAL, IN_USE = "total", "total in use"
PREFIX = "model."
"""Prefix of the model's modules in a `Network`."""


@dataclass(frozen=True)
class Part:
    """A top-level part of a model, such as its backbone, or the whole model.

    Costs are per image, and `None` for parts that run in training only.

    Args:
        name: Attribute of the model, or 'total'.
        parameters: Number of parameters.
        trainable: Number of parameters with `requires_grad`.
        unused: Number of parameters, trainable or not, on which the training loss does not depend; `None` if unknown.
        macs: Multiply-adds of `Conv2d` and `Linear` modules, as quoted in papers on cell search.
        macs_with_deconvolutions: The same including `ConvTranspose2d`.
        flops: MMEngine's count: fused multiply-adds of all operations that it supports.
        activations: MMEngine's count: elements in the outputs of convolutions and matrix products.
    """

    name: str
    parameters: int
    trainable: int
    unused: int | None
    macs: int | None
    macs_with_deconvolutions: int | None
    flops: int | None
    activations: int | None


def complexity(network: Network, images: Tensor, unused: set[str] | None) -> list[Part]:
    """Counts parameters and operations of every part of a network.

    Args:
        network: The network, in evaluation mode.
        images: One image, (1, 3, h, w), on the network's device.
        unused: Names of the model's unused parameters; `None` if unknown.

    Returns:
        The parts that have parameters or costs; then, if some of them run in training only, the total without these;
        last the total.

    Raises:
        UserError: The network cannot run on images of this size.
    """
    counted = _counted(network, images)
    analyzers = [FlopAnalyzer(network, images), ActivationAnalyzer(network, images)]
    traced = [_quietly(analyzer) for analyzer in analyzers]
    training_only = _training_only(network, images, counted)
    parts = []
    for name, _ in network.model.named_children():
        sizes = _parameters(network.model, unused, name + ".")
        costs = [by[PREFIX + name] for by in (counted.quoted, counted.all, *traced)]
        if sizes[0] or any(costs):
            parts.append(Part(name, *sizes, *([None] * len(costs) if name in training_only else costs)))
    total = Part(
        *(TOTAL, *_parameters(network.model, unused)), *(by[""] for by in (counted.quoted, counted.all, *traced))
    )
    excluded = [part for part in parts if part.macs is None]
    return [*parts, *([_without(excluded, total)] if excluded else []), total]


def _training_only(network: Network, images: Tensor, counted: MultiplyAdds) -> set[str]:
    """Parts with parameters that are neither called nor, like embeddings, read outside training."""
    names = {name for name, part in network.model.named_children() if next(part.parameters(), None) is not None}
    names -= {name for name in names if counted.ran(PREFIX + name)}
    return names - {key.split(".")[0] for key in parameters_in_use(network, images)} if names else names


def _without(parts: list[Part], total: Part) -> Part:
    """The total without parts that run in training only, which papers exclude."""
    return replace(
        total,
        name=IN_USE,
        parameters=total.parameters - sum(part.parameters for part in parts),
        trainable=total.trainable - sum(part.trainable for part in parts),
        unused=None if total.unused is None else total.unused - sum(part.unused or 0 for part in parts),
    )


def _parameters(model: nn.Module, unused: set[str] | None, prefix: str = "") -> tuple[int, int, int | None]:
    """Numbers of all, trainable and unused parameters below a prefix; shared ones count at their first name."""
    named = {name: value for name, value in model.named_parameters() if name.startswith(prefix)}
    return (
        sum(value.numel() for value in named.values()),
        sum(value.numel() for value in named.values() if value.requires_grad),
        None if unused is None else sum(value.numel() for name, value in named.items() if name in unused),
    )


def _counted(network: Network, images: Tensor) -> MultiplyAdds:
    try:
        return count_macs(network, images)
    except RuntimeError as error:  # feature maps smaller than kernels, or mismatched sizes
        reason = " ".join(str(error).split())
        raise UserError(
            f"{type(network.model).__name__} cannot run on an image of {'x'.join(map(str, images.shape[2:]))}: {reason}"
        ) from error


def _quietly(analyzer: FlopAnalyzer | ActivationAnalyzer) -> Counter[str]:
    """Counts by module, without warnings on unsupported operations and uncalled modules."""
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    with torch.no_grad():
        return analyzer.by_module()
