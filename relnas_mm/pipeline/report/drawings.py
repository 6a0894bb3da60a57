"""Pictures that a report draws: cells, scores by seed, and training curves, as SVG files beside the report."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from relnas_mm.architectures import Architecture, Genotype
from relnas_mm.architectures.cell_figure import cell_figure
from relnas_mm.architectures.drawing import write_picture
from relnas_mm.errors import UserError
from relnas_mm.pipeline.report.formats import seeds_in_words
from relnas_mm.pipeline.report.samples import sample_of
from relnas_mm.pipeline.results import Backbone, Results, Task
from relnas_mm.plots.curves import curves_figure, dots_figure, readable
from relnas_mm.plots.embed import inline_svg
from relnas_mm.plots.training import loss_curve, metric_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = "report_pictures"
"""Folder of the pictures in the work_dir."""

CELL_SCALES, PLOT_SCALES = (1.25, 1.6), (1.0, 1.4)
"""Smallest and largest CSS pixels for a point, so that text has at least 11 pixels."""

_MANY_STEPS = 150
"""A training curve is thinned to at most so many values."""


@dataclass(frozen=True)
class Drawing:
    """A picture.

    Args:
        caption: What it is, in a few words.
        words: What it shows, for those who do not see it.
        path: The SVG file; `None` if it could not be drawn.
        problem: Why it could not be drawn.
        scales: As for `inline_svg`.
        titled: Whether the picture itself says what it is.
    """

    caption: str
    words: str
    path: Path | None
    problem: str = ""
    scales: tuple[float, float] = PLOT_SCALES
    titled: bool = False

    @property
    def svg(self) -> str:
        """The picture as an element for HTML pages.

        Raises:
            ValueError: It could not be drawn.
        """
        if self.path is None:
            raise ValueError(self.problem)
        return inline_svg(self.path, self.words, self.path.stem, self.scales)


@dataclass(frozen=True)
class Cells:
    """Pictures of each different architecture of a backbone, that of the first seed first."""

    backbone: Backbone
    drawings: tuple[tuple[Drawing, ...], ...]


@dataclass(frozen=True)
class Curves:
    """Training curves of a task, and the logs that could not be read."""

    task: str
    drawings: tuple[Drawing, ...]
    problems: tuple[str, ...] = field(default=())


def cells(results: Results, folder: Path) -> Iterator[Cells]:
    """Draws the cells of each backbone that has some.

    Args:
        results: The results.
        folder: Existing folder for the pictures.
    """
    for number, backbone in enumerate(results.backbones):
        seeds: dict[Architecture, list[int]] = {}
        for seed, architecture in sorted(backbone.architectures.items()):
            seeds.setdefault(architecture, []).append(seed)
        drawings = []
        for place, (architecture, some) in enumerate(seeds.items()):
            which = "" if len(seeds) == 1 else seeds_in_words(some)
            stem = f"{_file_name('cells', number, backbone.name)}-{place}"
            drawings.append(tuple(_drawn_cells(architecture, backbone.name, which, folder / stem)))
        if drawings:
            yield Cells(backbone, tuple(drawings))


def score_dots(results: Results, folder: Path) -> Iterator[Drawing]:
    """Draws the scores of all seeds, for each task that has some.

    Args:
        results: The results.
        folder: Existing folder for the pictures.
    """
    for number, task in enumerate(results.tasks):
        samples = {
            backbone.name: sample_of(results, task.name, backbone.name) for backbone in results.taking_part(task)
        }
        if any(sample.values for sample in samples.values()):
            figure = dots_figure({name: sample.values for name, sample in samples.items()}, f"{task.name}: {task.unit}")
            words = "; ".join(f"{name} {sample}" for name, sample in samples.items())
            path = folder / f"{_file_name('scores', number, task.name)}.svg"
            yield _saved(figure, f"{task.name}, {task.unit}", f"Scores by seed on {task.name}: {words}", path)


def training_curves(results: Results, folder: Path) -> Iterator[Curves]:
    """Draws metric and loss of all trainings, for each task with logs.

    Args:
        results: The results.
        folder: Existing folder for the pictures.
    """
    for number, task in enumerate(results.tasks):
        problems: list[str] = []
        metric, loss = _runs(results, task, problems)
        factor = _unit_factor(results, task)
        metric = {name: [_scaled(curve, factor or 1.0) for curve in curves] for name, curves in metric.items()}
        steps = "epoch" if _last_step(metric) < _last_step(loss) / 2 else "iteration"
        kinds = (
            ("metric", metric, f"validation {task.metric if factor is None else task.unit}", f"{steps} (0: untrained)"),
            ("loss", loss, "training loss", "iteration"),
        )
        drawings = []
        for kind, runs, title, xlabel in kinds:
            if any(map(len, runs.values())):
                path = folder / f"{_file_name(kind, number, task.name)}.svg"
                words = "; ".join(_last_values(name, curves) for name, curves in runs.items() if curves)
                figure = curves_figure(runs, title, xlabel)
                drawings.append(_saved(figure, f"{task.name}: {title}", f"{task.name}, {title}. Last: {words}", path))
        if drawings or problems:
            yield Curves(task.name, tuple(drawings), tuple(problems))


def _drawn_cells(architecture: Architecture, name: str, which: str, stem: Path) -> Iterator[Drawing]:
    """Draws the normal and the reduction cell, or the one picture of an architecture that has no cells.

    Args:
        architecture: The architecture.
        name: Name of the backbone.
        which: Its seeds; '' if all have the same cells.
        stem: Path of the pictures without what distinguishes them.
    """
    which = f", {which}" if which else ""
    if isinstance(architecture, Genotype):
        for reduction, kind in ((False, "normal cell"), (True, "reduction cell")):
            path = stem.with_name(f"{stem.name}-{kind.split()[0]}.svg")
            words = f"{kind} of {name}{which}: {_in_words(architecture, reduction)}"
            yield _saved(cell_figure(architecture, reduction), f"{kind}{which}", words, path, CELL_SCALES, False)
        return
    words, path = f"{architecture.kind} of {name}{which}", stem.with_name(f"{stem.name}.svg")
    try:
        architecture.draw(path)
    except UserError as error:
        yield Drawing(f"{architecture.kind}{which}", words, None, str(error))
    else:
        yield Drawing(f"{architecture.kind}{which}", words, path, scales=CELL_SCALES)


def _in_words(genotype: Genotype, reduction: bool) -> str:
    """The edges of a cell, such as 'node 2: sep_conv_3x3 of 0 and skip_connect of 1'."""
    edges = [f"{operation} of {source}" for operation, source in genotype.edges(reduction)]
    return ", ".join(f"node {2 + i // 2}: {edges[i]} and {edges[i + 1]}" for i in range(0, len(edges), 2))


def _runs(
    results: Results, task: Task, problems: list[str]
) -> tuple[dict[str, list[dict[int, float]]], dict[str, list[dict[int, float]]]]:
    """Curves of the metric and of the loss by backbone, one for each training with a log; appends to `problems`."""
    metric: dict[str, list[dict[int, float]]] = {backbone.name: [] for backbone in results.backbones}
    loss: dict[str, list[dict[int, float]]] = {backbone.name: [] for backbone in results.backbones}
    for score in results.scores:
        if score.task == task.name and score.backbone in metric:
            try:
                curves = metric_curve(score.train_dir, task.metric), loss_curve(score.train_dir)
            except UserError as error:
                problems.append(f"{score.backbone}, seed {score.seed}: {error}")
                continue
            for runs, curve in zip((metric, loss), curves):
                if curve:
                    runs[score.backbone].append(_thinned(curve))
    return metric, loss


def _thinned(curve: Mapping[int, float]) -> dict[int, float]:
    """At most `_MANY_STEPS` values, the means of equally many steps each."""
    steps, stride = list(curve), math.ceil(len(curve) / _MANY_STEPS)
    groups = (steps[start : start + stride] for start in range(0, len(steps), stride))
    return {group[-1]: sum(curve[step] for step in group) / len(group) for group in groups}


def _unit_factor(results: Results, task: Task) -> float | None:
    """What turns the metric, as it is logged, into the unit of the task: 1 or 100; `None` if that is not known."""
    for score in results.scores:
        logged = score.metrics.get(task.metric)
        if score.task == task.name and score.value and logged:
            return next((factor for factor in (1.0, 100.0) if math.isclose(score.value, factor * logged)), None)
    return None


def _scaled(curve: Mapping[int, float], factor: float) -> dict[int, float]:
    return {step: factor * value for step, value in curve.items()}


def _last_step(runs: Mapping[str, Sequence[Mapping[int, float]]]) -> int:
    return max((step for curves in runs.values() for curve in curves for step in curve), default=0)


def _last_values(name: str, curves: Sequence[Mapping[int, float]]) -> str:
    return f"{name} {', '.join(f'{list(curve.values())[-1]:.4g}' for curve in curves)}"


def _saved(
    figure: "Figure",
    caption: str,
    words: str,
    path: Path,
    scales: tuple[float, float] = PLOT_SCALES,
    titled: bool = True,
) -> Drawing:
    with readable():
        write_picture(figure, path, path.stem)
    return Drawing(caption, words, path, scales=scales, titled=titled)


def _file_name(kind: str, number: int, name: str) -> str:
    """A name without characters that paths or HTML ids do not allow."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name)[:40].strip("-")
    return f"{kind}-{number}-{slug}" if slug else f"{kind}-{number}"
