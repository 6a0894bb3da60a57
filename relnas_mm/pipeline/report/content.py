"""What a report says, from which the HTML page and the Markdown file are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from relnas_mm.pages.table import Table
from relnas_mm.pipeline.report import tables
from relnas_mm.pipeline.report.drawings import Cells, Curves, Drawing, cells, score_dots, training_curves
from relnas_mm.pipeline.report.formats import state_text
from relnas_mm.pipeline.report.photos import Gallery, galleries
from relnas_mm.pipeline.report.samples import Gap, gaps
from relnas_mm.pipeline.report.stages import Stage, Unfinished, stages, unfinished
from relnas_mm.pipeline.report.verdict import caveats, duels, headline, sentences_by_rival
from relnas_mm.pipeline.results import DONE, Results

REPLAY, SEARCH_CURVE = "replay.html", "search_curve.png"
"""Files of a search."""


@dataclass(frozen=True)
class Content:
    """All parts of a report.

    Args:
        results: The results.
        headline: The verdict in one or two sentences.
        by_rival: What was found against each backbone.
        caveats: What the numbers of seeds allow to conclude.
        progress: How many trainings are done.
        gaps: Trainings without a value.
        tables: Tables by name; those without rows are left out.
        cells: Pictures of the cells.
        dots: Scores by seed.
        curves: Training curves.
        galleries: Predictions.
        stages: Steps by stage.
        unfinished: Steps that are not done, and why.
        replay: Page that replays the search, if there is one.
        search_curve: Its losses by generation, if there is one.
    """

    results: Results
    headline: str
    by_rival: Mapping[str, str]
    caveats: tuple[str, ...]
    progress: str
    gaps: tuple[Gap, ...]
    tables: Mapping[str, Table]
    cells: tuple[Cells, ...]
    dots: tuple[Drawing, ...]
    curves: tuple[Curves, ...]
    galleries: tuple[Gallery, ...]
    stages: tuple[Stage, ...]
    unfinished: tuple[Unfinished, ...]
    replay: Path | None
    search_curve: Path | None


def content_of(results: Results, folder: Path) -> Content:
    """Collects what a report says, and draws its pictures.

    Args:
        results: The results, however incomplete.
        folder: Existing folder for the pictures.

    Raises:
        UserError: A picture cannot be written.
    """
    found = duels(results)
    first = results.backbones[0].name if results.backbones else "the first backbone"
    candidates = {
        "verdict": tables.verdict_table(found, first),
        "scores": tables.scores_table(results),
        "published": tables.published_table(results),
        "costs": tables.cost_table(results),
        "times": tables.time_table(results.steps),
        "steps": tables.steps_table(results.steps),
        "environment": tables.environment_table(results.provenance),
    }
    return Content(
        results=results,
        headline=headline(found, first),
        by_rival=sentences_by_rival(found),
        caveats=tuple(caveats(found)),
        progress=_progress(results),
        gaps=tuple(gaps(results)),
        tables={name: table for name, table in candidates.items() if table.rows},
        cells=tuple(cells(results, folder)),
        dots=tuple(score_dots(results, folder)),
        curves=tuple(training_curves(results, folder)),
        galleries=tuple(galleries(results)),
        stages=tuple(stages(results.steps)),
        unfinished=tuple(unfinished(results.steps)),
        replay=_file(results.search, REPLAY),
        search_curve=_file(results.search, SEARCH_CURVE),
    )


def _progress(results: Results) -> str:
    states = [score.state for score in results.scores]
    others = (f"{states.count(state)} {state_text(state)}" for state in dict.fromkeys(states) if state != DONE)
    return ", ".join([f"{states.count(DONE)} of {len(states)} trainings are done", *others])


def _file(folder: Path | None, name: str) -> Path | None:
    return folder / name if folder is not None and (folder / name).is_file() else None
