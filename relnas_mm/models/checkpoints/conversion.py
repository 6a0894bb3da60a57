"""Converts checkpoints of the reference implementations to `CellBackbone` and `CellClassifier`."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from relnas_mm.architectures import GENOTYPES, Genotype
from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.files import Checkpoint, check_stored, read_checkpoint
from relnas_mm.models.checkpoints.fit import compare, different_weight, genotype_in
from relnas_mm.models.checkpoints.identify import check_complete, identify, trunk_of
from relnas_mm.models.checkpoints.layout import (
    AUXILIARY,
    HEADS,
    SETTINGS,
    Architecture,
    is_profiler,
    read_architecture,
    refuse_search_weights,
    release_name,
    release_names,
)
from relnas_mm.models.classifiers import CellClassifier
from relnas_mm.version import __version__

TARGETS = ("backbone", "classifier")
IMAGENET_CLASSES = 1000
NO_AUXILIARY = "the file has no auxiliary head: build CellClassifier with auxiliary_weight=0, or it starts untrained"
CLASS_ORDER = (
    "RelativeNAS' reference implementation numbered the classes of ImageNet as the file system listed their folders, "
    "not always sorted: measure the accuracy before relying on this classifier (its features are not affected)"
)


@dataclass(frozen=True)
class Conversion:
    """A converted checkpoint, and a report on each weight.

    Args:
        checkpoint: Weights with the target's names; settings and source are its `meta`.
        network: Settings inferred from the file.
        genotype: Name in the zoo, path of a file, or else a mapping.
        target: One of `TARGETS`.
        kept: Names in the file, mapped to names in the target.
        dropped: Names in the file that the target lacks.
        added: Names of counters in the target that the file lacks; they start at zero.
        missing: Other names in the target that the file lacks.
        warnings: Warnings for the user.
    """

    checkpoint: Checkpoint
    network: Architecture
    genotype: "str | dict[str, Any]"
    target: str
    kept: Mapping[str, str]
    dropped: list[str]
    added: list[str]
    missing: list[str]
    warnings: list[str]


def convert_checkpoint(source: str, target: str = "backbone", genotype: str | None = None) -> Conversion:
    """Converts a checkpoint of RelativeNAS, DARTS or a transfer task.

    Args:
        source: Path or URL of the checkpoint.
        target: 'backbone' for `CellBackbone`, 'classifier' for `CellClassifier`.
        genotype: Name or file of the genotype; `None` takes that stored in a converted checkpoint, else the only one of
            the zoo whose names and shapes match.

    Raises:
        UserError: The file cannot be read, is no trained network of cells, or does not match the genotype; none or
            several of the zoo match; the classifier is requested, but missing or not that of the reference
            implementation.
    """
    if target not in TARGETS:
        raise UserError(f"the target is {target!r}; allowed are {', '.join(map(repr, TARGETS))}")
    file = read_checkpoint(source)
    names = release_names(file.weights, source)
    refuse_search_weights(names, source)
    found = {name: file.weights[original].shape for name, original in names.items() if not is_profiler(name)}
    network = read_architecture(found)
    check_complete(network, source)
    check_stored(file.weights, source)
    if target == "classifier" and network.num_classes is None:
        raise UserError(f"the checkpoint {source!r} holds no classifier.weight; only its backbone can be converted")
    cells = identify(found, network, genotype, genotype_in(file.meta, source), source)

    state = _build(target, cells, network).state_dict()
    target_names = {release_name(key): key for key in state}
    wanted = {name: state[key].shape for name, key in target_names.items()}
    fit = compare(found, wanted)
    missing = [name for name in wanted if name.startswith(AUXILIARY) and not network.auxiliary]
    added = [name for name in fit.added if name not in missing]
    for name in (*fit.misshapen, *fit.missing, *fit.unexpected) if target == "classifier" else ():
        if name.startswith(HEADS) and name not in missing:
            reason = different_weight(name, found, wanted, "in CellClassifier")
            raise UserError(
                f"the classifier in the checkpoint {source!r} is not that of the reference implementation: {reason}"
            )

    weights = {
        target_names[name]: file.weights[names[name]] if name in names else torch.tensor(0)
        for name in wanted
        if name not in missing
    }
    label = genotype or next((name for name, known in GENOTYPES.items() if known == cells), cells.to_dict())
    settings = {key: getattr(network, key) for key in SETTINGS}
    meta = {"relnas_mm": __version__, "target": target, "genotype": cells.to_dict(), **settings, **_origin(source)}
    kept = {names[name]: target_names[name] for name in fit.fitting}
    return Conversion(
        checkpoint=Checkpoint(weights, meta | ({"num_classes": network.num_classes} if target == "classifier" else {})),
        network=network,
        genotype=label,
        target=target,
        kept=kept,
        dropped=[name for name in file.weights if name not in kept],
        added=[target_names[name] for name in added],
        missing=[target_names[name] for name in missing],
        warnings=list(_warnings(target, network)),
    )


def _build(target: str, genotype: Genotype, network: Architecture) -> nn.Module:
    """Builds the target on the meta device."""
    if target == "backbone":
        return trunk_of(genotype, network)
    backbone = {key: getattr(network, key) for key in SETTINGS}
    with torch.device("meta"):
        return CellClassifier({"type": "CellBackbone", "genotype": genotype, **backbone}, network.num_classes or 0)


def _origin(source: str) -> dict[str, str]:
    path = Path(source)
    if not path.is_file():
        return {"source": source}
    return {"source": path.name, "source_sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _warnings(target: str, network: Architecture) -> Iterator[str]:
    if target == "classifier" and not network.auxiliary:
        yield NO_AUXILIARY
    if target == "classifier" and network.num_classes == IMAGENET_CLASSES:
        yield CLASS_ORDER
