"""Results of a pipeline as data, from which reports and tables are written."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relnas_mm.architectures import Architecture

DONE, FAILED, BLOCKED, NO_DATA, OPEN = "done", "failed", "blocked", "no data", "open"
"""States of a step: finished; ended with an error; a step that it needs is not done; its data set is missing; not run
yet."""


@dataclass(frozen=True)
class Published:
    """A figure of a paper.

    Args:
        value: In the unit of the task's scores.
        source: Paper and table.
    """

    value: float
    source: str


@dataclass(frozen=True)
class Task:
    """One task of the pipeline.

    Args:
        name: `classification`, `detection`, `segmentation` or `pose`.
        config: Name of its config, as in the pipeline config.
        metric: Key of the evaluator's metrics that decides; larger is better.
        unit: Unit of `Score.value`, such as 'mAP in %'.
        published: Published figures by name of the backbone.
    """

    name: str
    config: str
    metric: str
    unit: str
    published: dict[str, Published] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What the network of a task costs with a backbone.

    Args:
        params: Number of parameters.
        macs: Multiply-adds of one image.
        latency: Median milliseconds of one image; `None` if not measured.
        shape: Height and width of the image.
        device: Device of the latency, in words.
    """

    params: int
    macs: int
    latency: float | None
    shape: tuple[int, int]
    device: str


@dataclass(frozen=True)
class Backbone:
    """One compared backbone.

    Args:
        name: As in the pipeline config.
        title: What it is, in a few words.
        init: Where its weights come from: `classification`, `search`, `random`, `config`, or a file.
        genotypes: Files of its cells by seed (the same for all seeds, except for random cells); empty if it has none.
        architectures: The architectures in these files, by seed.
        costs: Cost by task, of the first seed's network; tasks that were not measured are left out.
    """

    name: str
    title: str
    init: str
    genotypes: dict[int, Path]
    architectures: dict[int, Architecture]
    costs: dict[str, Cost]


@dataclass(frozen=True)
class Score:
    """One training with its test.

    Args:
        task: Name of the task.
        backbone: Name of the backbone.
        seed: Seed of the training.
        state: State of the training and its test, one of the five above.
        reason: Why there is no value: a sentence, followed by the last lines of the log if a tool failed; '' if done.
        value: The task's metric in `Task.unit`; `None` without one.
        metrics: All metrics as the evaluator gave them.
        seconds: Duration of training and test; `None` if not done.
        train_dir: Folder of the training, with the logs of MMEngine's Runner.
        pictures: Folder of predictions on test images (JPEG or PNG, ground truth left and predictions right), which may
            be absent.
    """

    task: str
    backbone: str
    seed: int
    state: str
    reason: str
    value: float | None
    metrics: dict[str, float | None]
    seconds: float | None
    train_dir: Path
    pictures: Path


@dataclass(frozen=True)
class StepResult:
    """One step of the pipeline, in the order in which steps run.

    Args:
        name: Such as 'search' or 'detection.found.0'.
        state: One of the five above.
        reason: As for `Score`.
        seconds: Duration; `None` if not done.
        command: Command that repeats the step alone; '' for steps without one.
    """

    name: str
    state: str
    reason: str
    seconds: float | None
    command: str


@dataclass(frozen=True)
class Results:
    """All results of a pipeline.

    Args:
        title: Title of the report.
        work_dir: Folder of the pipeline; reports go here.
        command: Command that repeats the pipeline.
        tasks: Tasks, in the order of the report.
        backbones: Compared backbones; the first is the one that the verdict is about.
        seeds: Seeds of the trainings.
        scores: One for each task, backbone that takes part in it, and seed.
        steps: All steps.
        search: Work_dir of the search (`search_curve.png`, `replay.html`, `cells.svg`, `genotype.json`,
            `records.jsonl`), or `None` if the genotype was given.
        provenance: As `relnas_mm.provenance.provenance` gives it.
        wall_seconds: Time that all runs of the pipeline took; steps may overlap.
    """

    title: str
    work_dir: Path
    command: str
    tasks: tuple[Task, ...]
    backbones: tuple[Backbone, ...]
    seeds: tuple[int, ...]
    scores: tuple[Score, ...]
    steps: tuple[StepResult, ...]
    search: Path | None
    provenance: dict[str, Any]
    wall_seconds: float = 0.0

    def taking_part(self, task: Task) -> list[Backbone]:
        """Backbones that are trained for a task, in the order of the report."""
        names = {score.backbone for score in self.scores if score.task == task.name}
        return [backbone for backbone in self.backbones if backbone.name in names]
