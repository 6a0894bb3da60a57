"""The tables of a report."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relnas_mm.errors import shortened
from relnas_mm.pages.table import BAD, GOOD, LONG, NUMBER, Column, Row, Table
from relnas_mm.pipeline.durations import NONE, duration_text
from relnas_mm.pipeline.report.formats import (
    count_text,
    difference_text,
    latency_text,
    macs_text,
    p_text,
    seeds_in_words,
    state_text,
    value_text,
)
from relnas_mm.pipeline.report.samples import finite_value, sample_of
from relnas_mm.pipeline.report.stages import stages
from relnas_mm.pipeline.report.verdict import BETTER, WORSE, Duel
from relnas_mm.pipeline.results import Results, StepResult

_MEAN = "mean ± standard deviation (seeds)"


def verdict_table(duels: Sequence[Duel], name: str) -> Table:
    """The first backbone against each other one.

    Args:
        duels: All duels.
        name: Name of the first backbone.
    """
    columns = (
        Column("task"),
        Column("against"),
        Column(f"{shortened(name, 24)} is"),
        Column("difference", NUMBER),
        Column("p", NUMBER),
        Column(shortened(name, 24), NUMBER),
        Column("the other", NUMBER),
        Column("unit"),
    )
    marks = {BETTER: GOOD, WORSE: BAD}
    rows, previous = [], None
    for duel in duels:
        cells = (
            duel.task.name,
            duel.rival.name,
            duel.conclusion,
            duel.difference_in_words,
            p_text(duel.p),
            str(duel.first),
            str(duel.second),
            duel.task.unit,
        )
        rows.append(Row(cells, marks.get(duel.conclusion, ""), previous not in (None, duel.task.name)))
        previous = duel.task.name
    return Table(f"{name} against each baseline: {_MEAN}, and difference of means", columns, tuple(rows), marked=2)


def scores_table(results: Results) -> Table:
    """All scores, by task and backbone."""
    seeds = [Column(f"seed {seed}", NUMBER) for seed in results.seeds]
    columns = (Column("task"), Column("backbone"), Column("mean ± std (seeds)", NUMBER), *seeds, Column("unit"))
    found = {(s.task, s.backbone, s.seed): finite_value(s) for s in results.scores}
    rows = []
    for task in results.tasks:
        for number, backbone in enumerate(results.taking_part(task)):
            values = (value_text(found.get((task.name, backbone.name, seed))) for seed in results.seeds)
            sample = str(sample_of(results, task.name, backbone.name))
            rows.append(Row((task.name, backbone.name, sample, *values, task.unit), "", number == 0 and bool(rows)))
    return Table("Score of every training on the test images", columns, tuple(rows))


def published_table(results: Results) -> Table:
    """Published scores beside ours."""
    columns = (
        Column("task"),
        Column("backbone"),
        Column("published", NUMBER),
        Column("reproduced", NUMBER),
        Column("difference", NUMBER),
        Column("unit"),
        Column("source", LONG),
    )
    rows = []
    for task in results.tasks:
        for name, published in task.published.items():
            sample = sample_of(results, task.name, name)
            difference = None if sample.mean is None else sample.mean - published.value
            cells = (task.name, name, value_text(published.value), str(sample), difference_text(difference))
            rows.append(Row((*cells, task.unit, published.source)))
    return Table(f"Published and reproduced scores: {_MEAN}", columns, tuple(rows))


def cost_table(results: Results) -> Table:
    """What the networks of the tasks cost with each backbone."""
    columns = (
        Column("task"),
        Column("backbone"),
        Column("parameters", NUMBER),
        Column("multiply-adds", NUMBER),
        Column("latency", NUMBER),
        Column("image", NUMBER),
        Column("device", LONG),
    )
    rows = []
    for task in results.tasks:
        start = len(rows)
        for backbone in results.backbones:
            if cost := backbone.costs.get(task.name):
                latency = latency_text(cost.latency)
                device = cost.device if latency != NONE else NONE
                size = " × ".join(map(str, cost.shape))
                cells = (task.name, backbone.name, count_text(cost.params), macs_text(cost.macs), latency, size, device)
                rows.append(Row(cells, "", 0 < start == len(rows)))
    seed = f" with {seeds_in_words(results.seeds[:1])}" if results.seeds else ""
    return Table(f"Cost of each task's network{seed}, for one image (median latency)", columns, tuple(rows))


def time_table(steps: Sequence[StepResult]) -> Table:
    """Time by stage, and in total."""
    columns = (Column("stage"), Column("steps done", NUMBER), Column("time", NUMBER))
    rows = [
        Row((stage.name, f"{stage.done} of {len(stage.steps)}", duration_text(stage.seconds if stage.done else None)))
        for stage in stages(steps)
    ]
    done, seconds = sum(stage.done for stage in stages(steps)), sum(stage.seconds for stage in stages(steps))
    rows.append(Row(("all stages", f"{done} of {len(steps)}", duration_text(seconds)), "", True))
    return Table("Time of the steps that are done, added up by stage", columns, tuple(rows))


def steps_table(steps: Sequence[StepResult]) -> Table:
    """State and time of each step."""
    columns = (Column("step"), Column("state"), Column("time", NUMBER))
    rows = (Row((step.name, state_text(step.state), duration_text(step.seconds))) for step in steps)
    return Table("State and time of each step", columns, tuple(rows))


def environment_table(provenance: Mapping[str, Any]) -> Table:
    """Versions, devices and commits, nested entries by dotted names; the command has a place of its own."""
    rows = tuple(Row(pair) for pair in _flat(provenance) if pair[0] != "command")
    return Table("What computed these results", (Column("what"), Column("value", LONG)), rows)


def _flat(entries: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in entries.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
