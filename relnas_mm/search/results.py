"""What a search leaves behind: the winner as a file and as pictures, and the search curve."""

import json
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.genotype import Genotype, draw_genotype, save_genotype
from relnas_mm.search.curve import save_curve
from relnas_mm.search.records import CANDIDATE, GENERATION, Records, describe
from relnas_mm.strategies import Scored


def write_winner(winner: Scored, folder: Path, meta: dict[str, Any]) -> None:
    """Writes `genotype.json`, `cells.svg` and `cells.png`, or `architecture.json` in spaces without cells.

    Args:
        winner: What won, and its loss.
        folder: Where to write.
        meta: Where it comes from, kept in the file.
    """
    architecture = winner.candidate.architecture
    if isinstance(architecture, Genotype):
        save_genotype(architecture, folder / "genotype.json", meta)
        for ending in ("svg", "png"):
            draw_genotype(architecture, folder / f"cells.{ending}")
    else:
        document = {"architecture": describe(architecture), "meta": meta}
        (folder / "architecture.json").write_text(json.dumps(document, indent=2) + "\n")


def write_curve(records: Records, folder: Path) -> None:
    """Writes `search_curve.png`."""
    save_curve(records.of_type(GENERATION), records.of_type(CANDIDATE), folder / "search_curve.png")


def winner_of(best: Scored | None, source: Any) -> Scored:
    """The winner.

    Raises:
        UserError: There is none, since every candidate diverged.
    """
    if best is None:
        raise UserError(f"no candidate of {source} has a finite loss; lower the learning rate")
    return best
