"""The one place that knows the names of the original release: RelativeNAS, its transfer tasks, and DARTS before them.

`stem.*` (CIFAR) or `stem0.* stem1.*` (ImageNet), `cells.{i}.preprocess{0,1}.*`, `cells.{i}._ops.{position}.*`,
`auxiliary_head.*`, `classifier.*`.  Pools and identities have no weights, and no name says which nodes are read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from relnas_mm.errors import UserError

Shapes = Mapping[str, torch.Size]

WRAPPERS = ("module.", "_orig_mod.", "model.", "backbone.")
"""Prefixes of DataParallel, `torch.compile`, training frameworks and mm detectors."""
AUXILIARY = "auxiliary_head."
HEADS = (AUXILIARY, "classifier.")
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
COUNTER = STATISTICS[-1]
"""Missing in files of torch before 0.4.1; starts at zero."""
PROFILER = ("total_ops", "total_params")
"""Counters that the thop profiler leaves in every module of a network."""
SETTINGS = ("stem", "init_channels", "num_cells")
"""What builds stem and cells, beside the genotype."""
SEARCHED = 56
"""Operations with weights in a cell of the search: at least 4 of the 7 on each of its 14 edges."""

ADVICE = "not a trained network; train the genotype that the search found, and use that"

_CELL = re.compile(r"cells\.(\d+)\.")
_SLOT = re.compile(r"cells\.(\d+)\._ops\.(\d+)\.")
_MIXED = re.compile(r"cells\.\d+\._ops\.\d+\._ops\.")
_UNNAMED = re.compile(r"(cells\.\d+\._ops\.\d+\.)(?=\d+\.)")


@dataclass(frozen=True)
class Architecture:
    """What the names and shapes of weights say about their network; `None` for what they do not say.

    Args:
        stem: 'cifar' or 'imagenet'.
        init_channels: Channels of the nodes of the first cell.
        num_cells: Depth; `None` also where cells are left out.
        num_classes: Classes of the classifier.
        auxiliary: Whether there is an auxiliary head.
    """

    stem: str | None
    init_channels: int | None
    num_cells: int | None
    num_classes: int | None
    auxiliary: bool


def release_name(name: str) -> str:
    """The release's name of a weight, without what wrappers put before it."""
    while word := next((word for word in WRAPPERS if name.startswith(word)), ""):
        name = name.removeprefix(word)
    # DARTS' conv_7x1_1x7 is the one operation without an `op` of its own.
    return _UNNAMED.sub(r"\1op.", name)


def release_names(names: Iterable[str], source: str, prefix: str | None = None) -> dict[str, str]:
    """The release's names of weights, each with the name in the file.

    Args:
        names: As in the file.
        source: The file, for the error message.
        prefix: Only names that begin with it count; it is taken off.

    Raises:
        UserError: Two weights have the same name in the release.
    """
    found: dict[str, str] = {}
    for name in names:
        if not name.startswith(prefix or ""):
            continue
        released = release_name(name.removeprefix(prefix or "").lstrip("."))
        if released in found:
            raise UserError(
                f"the checkpoint {source!r} holds {released} twice, as {found[released]!r} and as {name!r}; "
                "only one of the two networks can be loaded"
            )
        found[released] = name
    return found


def shapes_of(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """The shape of each weight."""
    return {name: value.shape for name, value in weights.items()}


def cell_of(name: str) -> int | None:
    """Number of the cell that a weight belongs to, if any."""
    return int(match[1]) if (match := _CELL.match(name)) else None


def operation_of(name: str) -> str | None:
    """The operation that a weight belongs to, as `cells.{i}._ops.{position}`, if any."""
    return match[0].rstrip(".") if (match := _SLOT.match(name)) else None


def is_profiler(name: str) -> bool:
    """Whether it is no weight but a profiler's counter."""
    return name.rsplit(".", 1)[-1] in PROFILER


def is_trunk(name: str) -> bool:
    """Whether a weight belongs to the stem or to a cell."""
    return name.startswith(("stem.", "stem0.", "stem1.", "cells."))


def read_architecture(shapes: Shapes) -> Architecture:
    """Reads what names and shapes, in the release's layout, say about the network."""
    kinds = {name.split(".")[0] for name in shapes}
    cells = {cell for name in shapes if (cell := cell_of(name)) is not None}
    first = shapes.get("cells.0.preprocess1.op.1.weight")
    head = shapes.get("classifier.weight")
    return Architecture(
        stem="cifar" if "stem" in kinds else "imagenet" if kinds & {"stem0", "stem1"} else None,
        init_channels=first[0] if first else None,
        num_cells=len(cells) if cells and max(cells) < len(cells) else None,
        num_classes=head[0] if head else None,
        auxiliary="auxiliary_head" in kinds,
    )


def refuse_search_weights(names: Iterable[str], source: str) -> None:
    """Refuses the weights of a search, which hold every candidate operation.

    Raises:
        UserError: These are such weights.
    """
    op_ids: dict[str, set[int]] = {}
    for name in names:
        if _MIXED.match(name):
            raise UserError(
                f"the checkpoint {source!r} is the network of a DARTS search (a mixture of all operations on every "
                f"edge), {ADVICE}"
            )
        if match := _SLOT.match(name):
            op_ids.setdefault(match[1], set()).add(int(match[2]))
    largest = max(op_ids.values(), key=len, default=set())
    if len(largest) >= SEARCHED:
        raise UserError(
            f"the checkpoint {source!r} is the weight set of a search (operations up to _ops.{max(largest)} in "
            f"every cell, shared by all candidates), {ADVICE}"
        )


def kind_of_operation(operation: str, shapes: Shapes) -> str:
    """What operation the weights below `cells.{i}._ops.{position}` belong to, as a noun for a sentence."""
    own = {
        name.removeprefix(operation + "."): shape for name, shape in shapes.items() if name.startswith(operation + ".")
    }
    if not own:
        return "an operation without weights (pool or identity)"
    if any(name.startswith(("conv_1.", "conv_2.", "bn.")) for name in own):
        return "skip_connect of stride 2"
    kernel = tuple(own.get("op.1.weight", ()))[2:]
    if len(kernel) == 2 and kernel[0] == kernel[1]:
        second = any(name.startswith(("op.5.", "op.6.", "op.7.")) for name in own)
        return f"{'sep' if second else 'dil'}_conv_{kernel[0]}x{kernel[1]}"
    return "conv_7x1_1x7" if kernel == (1, 7) else "an unknown operation"
