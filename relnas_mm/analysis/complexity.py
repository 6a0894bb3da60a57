"""How large the parts of a network are and what one image costs in them."""

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
"""Where a `Network` keeps the model whose parts are counted."""


@dataclass(frozen=True)
class Part:
    """One top-level part of a model, such as its backbone, or the whole.

    Costs are those of one image; `None` for a part that does not run outside training.

    Args:
        name: Attribute of the model, or 'total'.
        parameters: Numbers in its parameters.
        trainable: Those with `requires_grad`.
        dead: Those that no gradient of the training loss reaches, trainable or not; `None` if unknown.
        macs: Multiply-adds of `Conv2d` and `Linear` modules, as papers on cell search quote them.
        macs_with_deconvolutions: The same with `ConvTranspose2d`.
        flops: MMEngine's count: fused multiply-adds of every operation that it knows.
        activations: MMEngine's count: numbers that convolutions and matrix products give.
    """

    name: str
    parameters: int
    trainable: int
    dead: int | None
    macs: int | None
    macs_with_deconvolutions: int | None
    flops: int | None
    activations: int | None


def complexity(network: Network, images: Tensor, dead: set[str] | None) -> list[Part]:
    """Counts every part of a network.

    Args:
        network: In evaluation mode.
        images: One image, (1, 3, h, w), on the network's device.
        dead: Names of the model's dead parameters; `None` if unknown.

    Returns:
        The parts that have parameters or costs; if some of them run in training only, the total without them; and
        last the total.

    Raises:
        UserError: The network cannot run on images of this size.
    """
    counted = _counted(network, images)
    analyzers = [FlopAnalyzer(network, images), ActivationAnalyzer(network, images)]
    traced = [_quietly(analyzer) for analyzer in analyzers]
    idle = _idle(network, images, counted)
    parts = []
    for name, _ in network.model.named_children():
        sizes = _parameters(network.model, dead, name + ".")
        costs = [by[PREFIX + name] for by in (counted.quoted, counted.all, *traced)]
        if sizes[0] or any(costs):
            parts.append(Part(name, *sizes, *([None] * len(costs) if name in idle else costs)))
    total = Part(
        *(TOTAL, *_parameters(network.model, dead)), *(by[""] for by in (counted.quoted, counted.all, *traced))
    )
    left_out = [part for part in parts if part.macs is None]
    return [*parts, *([_without(left_out, total)] if left_out else []), total]


def _idle(network: Network, images: Tensor, counted: MultiplyAdds) -> set[str]:
    """Parts that have parameters and are neither called nor, as embeddings are, read outside training."""
    idle = {name for name, part in network.model.named_children() if next(part.parameters(), None) is not None}
    idle -= {name for name in idle if counted.ran(PREFIX + name)}
    return idle - {key.split(".")[0] for key in parameters_in_use(network, images)} if idle else idle


def _without(parts: list[Part], total: Part) -> Part:
    """The total less the parts that run in training only, which papers leave out."""
    return replace(
        total,
        name=IN_USE,
        parameters=total.parameters - sum(part.parameters for part in parts),
        trainable=total.trainable - sum(part.trainable for part in parts),
        dead=None if total.dead is None else total.dead - sum(part.dead or 0 for part in parts),
    )


def _parameters(model: nn.Module, dead: set[str] | None, prefix: str = "") -> tuple[int, int, int | None]:
    """All, trainable and dead parameters below a prefix; shared ones count once, where they come first."""
    named = {name: value for name, value in model.named_parameters() if name.startswith(prefix)}
    return (
        sum(value.numel() for value in named.values()),
        sum(value.numel() for value in named.values() if value.requires_grad),
        None if dead is None else sum(value.numel() for name, value in named.items() if name in dead),
    )


def _counted(network: Network, images: Tensor) -> MultiplyAdds:
    try:
        return count_macs(network, images)
    except RuntimeError as error:  # what torch raises when maps get smaller than kernels, or sizes do not match
        reason = " ".join(str(error).split())
        raise UserError(
            f"{type(network.model).__name__} cannot run on an image of {'x'.join(map(str, images.shape[2:]))}: {reason}"
        ) from error


def _quietly(analyzer: FlopAnalyzer | ActivationAnalyzer) -> Counter[str]:
    """Counts by module without a warning for each kind of operation that costs nothing."""
    analyzer.unsupported_ops_warnings(False).uncalled_modules_warnings(False).tracer_warnings("none")
    with torch.no_grad():
        return analyzer.by_module()
