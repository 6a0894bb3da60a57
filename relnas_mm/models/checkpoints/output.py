"""Outputs of a conversion: the converted file, a report on each weight, a summary table, and a config."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from relnas_mm.errors import UserError
from relnas_mm.files import write_atomically
from relnas_mm.models.checkpoints.conversion import Conversion
from relnas_mm.models.checkpoints.files import ENDINGS, writing_checkpoint
from relnas_mm.models.checkpoints.layout import HEADS, SETTINGS, cell_of, is_trunk, release_name
from relnas_mm.networks import reduction_cells

COLUMNS = ("kept", "dropped", "added", "missing")


def report_path(path: Path) -> Path:
    """Path of a conversion's report, that of the converted file plus `.report.json`."""
    return path.with_name(path.name + ".report.json")


def check_destination(path: Path, source: str, overwrite: bool = False) -> None:
    """Checks the destination of a conversion before anything is read.

    Args:
        path: The file to write.
        source: The file to convert.
        overwrite: Whether existing files may be replaced.

    Raises:
        UserError: The suffix is unknown, or the file or its report exists, is a folder, or is the source.
    """
    if path.suffix not in ENDINGS:
        raise UserError(
            f"the destination {str(path)!r} ends in {path.suffix!r}; allowed are {' and '.join(map(repr, ENDINGS))}"
        )
    if path.exists() and Path(source).exists() and path.samefile(source):
        raise UserError(f"the destination {str(path)!r} is the checkpoint to convert; name another file")
    for file in (path, report_path(path)):
        if file.is_dir():
            raise UserError(f"the destination {str(file)!r} is a folder; name a file")
        if file.exists() and not overwrite:
            raise UserError(f"the destination {str(file)!r} exists; name another file, or overwrite it with --force")


def write_conversion(conversion: Conversion, path: Path) -> None:
    """Writes the converted checkpoint and its report, both or neither.

    Args:
        conversion: The conversion.
        path: The file, which is replaced if it exists; its folder is created if missing.

    Raises:
        UserError: The files cannot be written.
    """
    document = json.dumps(_document(conversion), indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing_checkpoint(path, conversion.checkpoint):
            write_atomically(report_path(path), document)
    except (OSError, RuntimeError, SafetensorError) as error:  # torch raises RuntimeError on a full disk
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UserError(f"the destination {str(path)!r} cannot be written: {reason}") from None


def table(conversion: Conversion) -> str:
    """Formats the numbers of kept, dropped, added and missing weights by part of the network."""
    depth = conversion.network.num_cells or 0
    counts: dict[str, dict[str, int]] = {part: dict.fromkeys(COLUMNS, 0) for part in _parts(depth)}
    for column in COLUMNS:
        for name in getattr(conversion, column):
            counts[_part(release_name(name), depth)][column] += 1
    rows = [("", *COLUMNS)]
    rows += [(part, *map(str, row.values())) for part, row in counts.items() if any(row.values())]
    rows.append(("all", *(str(len(getattr(conversion, column))) for column in COLUMNS)))
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{row[0]:<{width}}" + "".join(f"{cell:>9}" for cell in row[1:]) for row in rows)


def summary(conversion: Conversion) -> str:
    """Describes the converted network in one line."""
    network = conversion.network
    words = [f"genotype {conversion.genotype if isinstance(conversion.genotype, str) else 'as carried'}"]
    words += [f"{name} {getattr(network, name)}" for name in SETTINGS]
    words += [f"{network.num_classes} classes"] if network.num_classes else ["no classifier"]
    return ", ".join([*words, "auxiliary head" if network.auxiliary else "no auxiliary head"])


def config(conversion: Conversion, path: Path) -> str:
    """Lines of a config that build the network and load the converted weights."""
    network = conversion.network
    backbone = f"type='CellBackbone', genotype={conversion.genotype!r}, init_channels={network.init_channels}, "
    backbone += f"num_cells={network.num_cells}, stem={network.stem!r}"
    init = f"init_cfg=dict(type='Pretrained', checkpoint={str(path)!r})"
    if conversion.target == "backbone":
        return f"backbone=dict(\n    {backbone},\n    {init})"
    auxiliary = 0.4 if network.auxiliary else 0
    return (
        f"model = dict(\n    type='CellClassifier', num_classes={network.num_classes}, auxiliary_weight={auxiliary},\n"
        f"    backbone=dict({backbone}),\n    {init})"
    )


def _document(conversion: Conversion) -> dict[str, Any]:
    keys = {column: getattr(conversion, column) for column in COLUMNS}
    return {
        **conversion.checkpoint.meta,
        "found": asdict(conversion.network),
        "warnings": conversion.warnings,
        "counts": {column: len(names) for column, names in keys.items()},
        **{column: dict(names) if isinstance(names, Mapping) else names for column, names in keys.items()},
    }


def _parts(num_cells: int) -> list[str]:
    first, second = reduction_cells(num_cells)
    cells = [_cells(0, first), _cells(first, second), _cells(second, num_cells)]
    return ["stem", *cells, *(head.rstrip(".") for head in HEADS), "other"]


def _part(name: str, num_cells: int) -> str:
    if name.startswith(HEADS):
        return name.split(".")[0]
    if not is_trunk(name):
        return "other"
    cell = cell_of(name)
    if cell is None:
        return "stem" if name.startswith("stem") else "other"
    ends = (0, *reduction_cells(num_cells), num_cells)
    stage = sum(cell >= end for end in ends[1:3])
    return _cells(ends[stage], ends[stage + 1])


def _cells(start: int, end: int) -> str:
    return f"cells {start}-{end - 1}" if end - start > 1 else f"cell {start}"
