"""The weights that a searched cell has in the supernet, as weights of a backbone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from relnas_mm.architectures import Genotype, load_genotype
from relnas_mm.errors import UserError
from relnas_mm.evaluators.supernet.op_ids import op_ids_for, shared_name
from relnas_mm.files import read_json
from relnas_mm.models.checkpoints.conversion import Conversion
from relnas_mm.models.checkpoints.files import Checkpoint
from relnas_mm.models.checkpoints.layout import Architecture
from relnas_mm.networks import CellTrunk, NetworkShape
from relnas_mm.search.identity import RUN_FILE
from relnas_mm.search.store import CHECKPOINTS, RunStore
from relnas_mm.seeding import stream_seed
from relnas_mm.version import __version__

EVALUATOR = "SupernetEvaluator"
PARTIAL = (
    "the search has another stem: the stem and the preprocessing of the first two cells are initialized, not inherited"
)


def is_search(source: str) -> bool:
    """Whether a path is the work_dir of a search."""
    return (Path(source) / RUN_FILE).is_file() and (Path(source) / CHECKPOINTS).is_dir()


def inherit(source: str, genotype: str | None = None, stem: str = "cifar", seed: int = 0) -> Conversion:
    """Takes the weights of one cell from the shared weights of a search.

    Weights of the target that the supernet lacks, or has in another shape because of the stem, are initialized by
    PyTorch's defaults, and listed as missing.

    Args:
        source: Work_dir of a search with a `SupernetEvaluator`.
        genotype: Name or file of the genotype; `None` means the one that the search found.
        stem: Stem of the backbone, 'cifar' as in the search, or 'imagenet'.
        seed: Seed of what is initialized.

    Raises:
        UserError: The folder holds no such search, it has not finished, its checkpoints are damaged, or the genotype is
            not one of its candidates.
    """
    folder = Path(source)
    evaluator = _evaluator(folder)
    cells = load_genotype(genotype or _winner(folder))
    if cells.size():
        raise UserError(
            f"the search in {source!r} was over sizes of networks, whose shared weights cannot be inherited; train the "
            "genotype from random weights or from those of a classifier"
        )
    network = NetworkShape(**evaluator.get("network", {}))
    shared = shared_weights(folder)
    ids = op_ids_for(evaluator.get("duplicates", "shared"))
    try:
        op_ids = {False: ids(cells.normal), True: ids(cells.reduce)}
    except (ValueError, IndexError):
        raise UserError(
            f"the genotype is no candidate of the search in {source!r}: it has other operations or nodes"
        ) from None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, "inherit"))
        trunk = CellTrunk(cells, network.init_channels, network.num_cells, stem)
    weights, kept, missing = _filled(trunk, shared, op_ids)
    settings = {"stem": stem, "init_channels": network.init_channels, "num_cells": network.num_cells}
    meta = {"relnas_mm": __version__, "target": "backbone", "genotype": cells.to_dict(), **settings, "source": source}
    return Conversion(
        checkpoint=Checkpoint(weights, meta),
        network=Architecture(stem, network.init_channels, network.num_cells, None, False),
        genotype=genotype or str(_winner(folder)),
        target="backbone",
        kept=kept,
        dropped=[name for name in shared if name not in kept],
        added=[],
        missing=missing,
        warnings=[PARTIAL] if stem != "cifar" else [],
    )


def _filled(
    trunk: CellTrunk, shared: dict[str, Tensor], op_ids: Mapping[bool, Sequence[int]]
) -> tuple[dict[str, Tensor], dict[str, str], list[str]]:
    """The weights of a trunk, taken from the supernet where it has them.

    Returns:
        All weights; the names of those taken, by their names in the supernet; the names of the others.
    """
    weights, kept, missing = {}, {}, []
    for name, own in trunk.state_dict().items():
        theirs = shared_name(name, trunk, op_ids)
        value = shared.get(theirs)
        if value is not None and value.shape == own.shape:
            weights[name] = value
            # two edges of a node may share one operation
            kept[theirs if theirs not in kept else f"{theirs} (again)"] = name
        else:
            weights[name] = own
            missing.append(name)
    return weights, kept, missing


def _evaluator(folder: Path) -> dict[str, Any]:
    run = read_json(folder / RUN_FILE, f"the settings of the search {str(folder / RUN_FILE)!r}", nan=True)
    settings = run.get("train_cfg") if isinstance(run, dict) else None
    evaluator = settings.get("evaluator") if isinstance(settings, dict) else None
    if not isinstance(evaluator, dict) or evaluator.get("type") != EVALUATOR:
        kind = evaluator.get("type") if isinstance(evaluator, dict) else None
        raise UserError(f"the search in {str(folder)!r} has the evaluator {kind!r}; only {EVALUATOR!r} shares weights")
    return evaluator


def _winner(folder: Path) -> Path:
    path = folder / f"{Genotype.kind}.json"
    if not path.is_file():
        raise UserError(f"the search in {str(folder)!r} has not finished: it has no {path.name}")
    return path


def shared_weights(folder: Path) -> dict[str, Tensor]:
    """The shared weights of a search by name.

    Args:
        folder: Its work_dir.

    Raises:
        UserError: It has saved none.
    """
    loaded = RunStore(folder).checkpoints.load_newest()
    if loaded is None:
        raise UserError(f"the search in {str(folder)!r} has saved no weights")
    return dict(loaded.state.tensors)
