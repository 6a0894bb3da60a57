"""Weight names of the reference implementations: RelativeNAS, its transfer tasks, and DARTS.

`stem.*` (CIFAR) or `stem0.* stem1.*` (ImageNet), `cells.{i}.preprocess{0,1}.*`, `cells.{i}._ops.{position}.*`,
`auxiliary_head.*`, `classifier.*`.  Pools and identities have no weights, and names do not determine input nodes.
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
"""Buffers that the thop profiler adds to every module of a network."""
SETTINGS = ("stem", "init_channels", "num_cells")
"""Settings of stem and cells besides the genotype."""
SEARCHED = 56
"""Least number of operations with weights in a cell of a supernet: at least 4 of the 7 on each of its 14 edges."""

ADVICE = "not a trained network; train the genotype that the search found, and use that"

_CELL = re.compile(r"cells\.(\d{1,9})\.")
_SLOT = re.compile(r"cells\.(\d{1,9})\._ops\.(\d{1,9})\.")
_MIXED = re.compile(r"cells\.\d+\._ops\.\d+\._ops\.")
_UNNAMED = re.compile(r"(cells\.\d+\._ops\.\d+\.)(?=\d+\.)")


@dataclass(frozen=True)
class Architecture:
    """Settings inferred from the names and shapes of weights; `None` where they do not determine a setting.

    Args:
        stem: 'cifar' or 'imagenet'.
        init_channels: Channels of the nodes of the first cell.
        num_cells: Depth; `None` if cells are missing.
        num_classes: Number of classes of the classifier.
        auxiliary: Whether there is an auxiliary head.
    """

    stem: str | None
    init_channels: int | None
    num_cells: int | None
    num_classes: int | None
    auxiliary: bool


def release_name(name: str) -> str:
    """Name of a weight in the reference implementation, without the prefixes of wrappers."""
    while word := next((word for word in WRAPPERS if name.startswith(word)), ""):
        name = name.removeprefix(word)
    # DARTS' conv_7x1_1x7 is the only operation without a submodule `op`.
    return _UNNAMED.sub(r"\1op.", name)


def release_names(names: Iterable[str], source: str, prefix: str | None = None) -> dict[str, str]:
    """Maps the reference implementation's names of weights to those in a file.

    Args:
        names: Names in the file.
        source: The file, for error messages.
        prefix: Prefix to filter by and to remove.

    Raises:
        UserError: Two weights have the same name in the reference implementation.
    """
    found: dict[str, str] = {}
    for name in names:
        if not name.startswith(prefix or ""):
            continue
        original = release_name(name.removeprefix(prefix or "").lstrip("."))
        if original in found:
            raise UserError(
                f"the checkpoint {source!r} holds {original} twice, as {found[original]!r} and as {name!r}; "
                "only one of the two networks can be loaded"
            )
        found[original] = name
    return found


def shapes_of(weights: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """Shapes of weights by name."""
    return {name: value.shape for name, value in weights.items()}


def cell_of(name: str) -> int | None:
    """Index of the cell that a weight belongs to, if any."""
    return int(match[1]) if (match := _CELL.match(name)) else None


def operation_of(name: str) -> str | None:
    """Operation that a weight belongs to, as `cells.{i}._ops.{position}`, if any."""
    return match[0].rstrip(".") if (match := _SLOT.match(name)) else None


def is_profiler(name: str) -> bool:
    """Whether a name is that of a profiler's buffer."""
    return name.rsplit(".", 1)[-1] in PROFILER


def is_trunk(name: str) -> bool:
    """Whether a weight belongs to the stem or to a cell."""
    return name.startswith(("stem.", "stem0.", "stem1.", "cells."))


def read_architecture(shapes: Shapes) -> Architecture:
    """Infers settings from names of the reference implementation and shapes."""
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
    """Refuses the weights of a supernet.

    Raises:
        UserError: The names are those of a supernet.
    """
    op_ids: dict[str, set[int]] = {}
    for name in names:
        if _MIXED.match(name):
            raise UserError(
                f"the checkpoint {source!r} is the supernet of a DARTS search (a mixture of all operations on every "
                f"edge), {ADVICE}"
            )
        if match := _SLOT.match(name):
            op_ids.setdefault(match[1], set()).add(int(match[2]))
    largest = max(op_ids.values(), key=len, default=set())
    if len(largest) >= SEARCHED:
        raise UserError(
            f"the checkpoint {source!r} is the supernet of a search (operations up to _ops.{max(largest)} in every "
            f"cell, shared by all candidates), {ADVICE}"
        )


def kind_of_operation(operation: str, shapes: Shapes) -> str:
    """Infers the kind of an operation, `cells.{i}._ops.{position}`, from its weights, as a noun phrase."""
    weights = {
        name.removeprefix(operation + "."): shape for name, shape in shapes.items() if name.startswith(operation + ".")
    }
    if not weights:
        return "an operation without weights (pool or identity)"
    if any(name.startswith(("conv_1.", "conv_2.", "bn.")) for name in weights):
        return "skip_connect of stride 2"
    kernel = tuple(weights.get("op.1.weight", ()))[2:]
    if len(kernel) == 2 and kernel[0] == kernel[1]:
        second = any(name.startswith(("op.5.", "op.6.", "op.7.")) for name in weights)
        return f"{'sep' if second else 'dil'}_conv_{kernel[0]}x{kernel[1]}"
    return "conv_7x1_1x7" if kernel == (1, 7) else "an unknown operation"
