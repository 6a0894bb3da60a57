"""Identifies the genotype of a file's weights."""

from collections.abc import Mapping

import torch

from relnas_mm.architectures import GENOTYPES, Genotype, load_genotype
from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.fit import compare, different_cells, different_graph, different_weight
from relnas_mm.models.checkpoints.layout import Architecture, Shapes, is_trunk, release_name
from relnas_mm.networks import CellTrunk
from relnas_mm.networks.plan import MAX_CELLS, MAX_CHANNELS, MIN_CELLS


def check_complete(network: Architecture, source: str) -> None:
    """Checks that a file determines the trunk of its network.

    Raises:
        UserError: It does not.
    """
    lacks = [
        words
        for words, value in (
            ("a stem (stem.*, or stem0.* and stem1.*)", network.stem),
            ("cells numbered from 0 without gaps", network.num_cells),
            ("cells.0.preprocess1.op.1.weight", network.init_channels),
        )
        if value is None
    ]
    if lacks:
        raise UserError(
            f"the checkpoint {source!r} is no network of cells of RelativeNAS or DARTS: it lacks " + " and ".join(lacks)
        )
    if (depth := network.num_cells or 0) < MIN_CELLS:
        raise UserError(f"the checkpoint {source!r} has {depth} cells; a network needs at least {MIN_CELLS}")
    if depth > MAX_CELLS:
        raise UserError(f"the checkpoint {source!r} has {depth} cells; a network has at most {MAX_CELLS}")
    if not 0 < (channels := network.init_channels or 0) <= MAX_CHANNELS:
        raise UserError(f"the checkpoint {source!r} has {channels} channels; allowed are 1 to {MAX_CHANNELS}")
    if network.num_classes == 0:
        raise UserError(f"the checkpoint {source!r} has a classifier of 0 classes; it needs at least 1")


def identify(
    found: Shapes, network: Architecture, wanted: str | None, carried: Genotype | None, source: str
) -> Genotype:
    """Identifies the genotype of a file's weights, and checks that they match.

    Args:
        found: Shapes in the file.
        network: Settings inferred from the shapes, complete (`check_complete`).
        wanted: Name or file of the genotype; `None` takes `carried`, else the only match in the zoo.
        carried: The genotype in the file's metadata, if any.
        source: The file, for error messages.

    Raises:
        UserError: The weights do not match the genotype, it differs from that in the metadata, or none or several of
            the zoo match.
    """
    trunk = {name: shape for name, shape in found.items() if is_trunk(name)}
    if wanted is None and carried is None:
        return _search_zoo(trunk, network, source)
    label = "the genotype it carries" if wanted is None else f"genotype {wanted!r}"
    genotype = load_genotype(wanted) if wanted is not None else carried
    assert genotype is not None
    if reason := _mismatch(trunk, network, genotype):
        raise UserError(f"the checkpoint {source!r} does not fit {label}: {reason}")
    if carried and (edge := different_graph(carried, genotype, "there")):
        raise UserError(f"the checkpoint {source!r} carries another genotype than {wanted!r}: {edge}")
    return genotype


def trunk_of(genotype: Genotype, network: Architecture) -> CellTrunk:
    """Builds stem and cells by complete settings, on the meta device."""
    assert network.init_channels and network.num_cells and network.stem
    with torch.device("meta"):
        return CellTrunk(genotype, network.init_channels, network.num_cells, network.stem)


def _search_zoo(trunk: Shapes, network: Architecture, source: str) -> Genotype:
    misfits = {name: _misfits(trunk, _shapes(cells, network)) for name, cells in GENOTYPES.items()}
    fitting = [name for name, names in misfits.items() if not names]
    graphs = {GENOTYPES[name] for name in fitting}
    if len(graphs) == 1:
        return graphs.pop()
    settings = f"stem {network.stem}, init_channels {network.init_channels}, num_cells {network.num_cells}"
    if fitting:
        raise UserError(
            f"several genotypes fit the checkpoint {source!r} ({settings}), {', '.join(fitting)}: its names do not say "
            "which nodes are read, so name the right one with --genotype"
        )
    nearest = min(misfits, key=lambda name: len(misfits[name]))
    raise UserError(
        f"no genotype of the zoo fits the checkpoint {source!r} ({settings}); of the nearest, {nearest}, "
        f"{_mismatch(trunk, network, GENOTYPES[nearest])}; name the file of its own genotype with --genotype"
    )


def _mismatch(trunk: Shapes, network: Architecture, genotype: Genotype) -> str:
    wanted = _shapes(genotype, network)
    names = _misfits(trunk, wanted)
    if not names:
        return ""
    return different_cells(names, trunk, wanted, "there") or different_weight(names[0], trunk, wanted, "there")


def _misfits(trunk: Shapes, wanted: Shapes) -> list[str]:
    fit = compare(trunk, wanted)
    return [*fit.misshapen, *fit.missing, *fit.unexpected]


def _shapes(genotype: Genotype, network: Architecture) -> Mapping[str, torch.Size]:
    return {release_name(name): value.shape for name, value in trunk_of(genotype, network).state_dict().items()}
