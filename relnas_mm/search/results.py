"""What a search leaves behind: the winner as a file and as pictures, and an overview for people."""

import json
from pathlib import Path
from typing import Any

from relnas_mm.chains import Chain, save_chain
from relnas_mm.errors import UserError
from relnas_mm.genotype import Genotype, draw_genotype, save_genotype
from relnas_mm.search.curve import pareto_figure, search_curve
from relnas_mm.search.pareto import front_of
from relnas_mm.search.records import CANDIDATE, GENERATION, Records, describe
from relnas_mm.search.replay import write_replay

COSTS = {"params": "parameters", "macs": "multiply-adds", "latency": "latency, ms"}


def write_winner(architecture: Any, folder: Path, meta: dict[str, Any]) -> Path:
    """Writes `genotype.json`, `cells.svg` and `cells.png`; `network.json` of a chain; else `architecture.json`.

    Args:
        architecture: What won.
        folder: Where to write.
        meta: Where it comes from, kept in the file.

    Returns:
        The JSON file.

    Raises:
        UserError: A file cannot be written.
    """
    if isinstance(architecture, Genotype):
        for ending in ("svg", "png"):
            draw_genotype(architecture, folder / f"cells.{ending}")
        return save_genotype(architecture, folder / "genotype.json", meta)
    if isinstance(architecture, Chain):
        return save_chain(architecture, folder / "network.json", meta)
    path = folder / "architecture.json"
    document = {"architecture": describe(architecture), "meta": meta}
    try:
        path.write_text(json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be written: {error.strerror or error}") from None
    return path


def write_overview(records: Records, folder: Path) -> None:
    """Writes `search_curve.png` and `replay.html`, and the Pareto front if costs are known.

    The front is that of the last generation: losses of different generations do not compare, since the shared weights
    improve.

    Raises:
        UserError: A file cannot be written.
    """
    generations, candidates = records.of_type(GENERATION), records.of_type(CANDIDATE)
    last = [line for line in candidates if line["generation"] == candidates[-1]["generation"]]
    fronts = {key: front for key in COSTS if (front := front_of(last, key))}
    try:
        search_curve(generations, candidates).savefig(folder / "search_curve.png", dpi=110)
        write_replay(generations, candidates, folder / "replay.html")
        if fronts:
            (folder / "pareto.json").write_text(json.dumps(fronts, indent=1) + "\n")
            pareto_figure(last, fronts, COSTS).savefig(folder / "pareto.png", dpi=110)
    except OSError as error:
        raise UserError(f"the overview in {str(folder)!r} cannot be written: {error.strerror or error}") from None
