"""Visual overview of a search: curves, Pareto fronts and a replay page."""

import json
from collections.abc import Iterable
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.plots.search import pareto_figure, search_curve
from relnas_mm.search.pareto import front_of
from relnas_mm.search.records import CANDIDATE, GENERATION, Records
from relnas_mm.search.replay import write_replay

MOST_GENERATIONS = 400
"""Generations whose candidates are drawn; of longer searches so many, evenly spread."""
COSTS = {"params": "parameters", "macs": "multiply-adds", "latency": "latency, ms"}


def write_overview(records: Records, folder: Path) -> None:
    """Writes `search_curve.png` and `replay.html`, and the Pareto fronts if costs are recorded.

    The fronts are those of the last generation: as the shared weights improve, losses of different generations are
    not comparable.

    Raises:
        UserError: A file cannot be written.
    """
    generations = records.of_type(GENERATION)
    shown = _shown(line["generation"] for line in generations)
    unfinished = generations[-1]["generation"] + 1 if generations else 0
    candidates = list(
        records.matching(
            lambda line: line["type"] == CANDIDATE and (line["generation"] in shown or line["generation"] >= unfinished)
        )
    )
    last = [line for line in candidates if line["generation"] == candidates[-1]["generation"]]
    fronts = {key: front for key in COSTS if (front := front_of(last, key))}
    try:
        search_curve(generations, candidates).savefig(folder / "search_curve.png", dpi=110)
        write_replay([line for line in generations if line["generation"] in shown], candidates, folder / "replay.html")
        if fronts:
            (folder / "pareto.json").write_text(json.dumps(fronts, indent=1) + "\n")
            pareto_figure(last, fronts, COSTS).savefig(folder / "pareto.png", dpi=110)
    except OSError as error:
        raise UserError(f"the overview in {str(folder)!r} cannot be written: {error.strerror or error}") from None


def _shown(numbers: Iterable[int]) -> frozenset[int]:
    """At most `MOST_GENERATIONS` numbers of generations, with the last one."""
    backwards = sorted(numbers, reverse=True)
    return frozenset(backwards[:: -(-len(backwards) // MOST_GENERATIONS) or 1])
