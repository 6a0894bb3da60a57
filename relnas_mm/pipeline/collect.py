"""Collects the results of a pipeline from its folder."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relnas_mm.architectures import Architecture, load_genotype
from relnas_mm.errors import UserError
from relnas_mm.files import read_json
from relnas_mm.pipeline.launch import Launcher
from relnas_mm.pipeline.plan import BackbonePlan, PipelinePlan, TaskPlan
from relnas_mm.pipeline.results import BLOCKED, DONE, OPEN, Backbone, Cost, Results, Score, StepResult, Task
from relnas_mm.pipeline.run import Status
from relnas_mm.pipeline.steps import COST, METRICS, PICTURES, Step
from relnas_mm.provenance import provenance

IN_USE = "total in use"
"""Row of an analysis without parts that only training needs."""


def collect(
    plan: PipelinePlan,
    steps: tuple[Step, ...],
    statuses: Mapping[str, Status],
    launcher: Launcher,
    command: str,
    wall_seconds: float = 0.0,
) -> Results:
    """Reads what the steps of a pipeline have left.

    Args:
        plan: The pipeline.
        steps: Its steps.
        statuses: Their status by name.
        launcher: Gives the commands of steps.
        command: Command that repeats the pipeline.
        wall_seconds: Time that all its runs took.

    Raises:
        UserError: A file of a finished step is damaged.
    """
    by_name = {step.name: step for step in steps}
    return Results(
        title=plan.title,
        work_dir=plan.work_dir,
        command=command,
        tasks=tuple(Task(one.name, one.job.config, one.metric, one.unit, one.published) for one in plan.tasks),
        backbones=tuple(_backbone(plan, one, by_name, statuses) for one in plan.backbones),
        seeds=plan.seeds,
        scores=tuple(
            _score(task, backbone, seed, by_name, statuses)
            for task in plan.tasks
            for backbone in plan.backbones
            if plan.takes_part(task, backbone)
            for seed in plan.seeds
        ),
        steps=tuple(_step_result(step, statuses[step.name], launcher) for step in steps),
        search=by_name["search"].folder if plan.search and statuses["search"].state == DONE else None,
        provenance=provenance(command),
        wall_seconds=wall_seconds,
    )


def _step_result(step: Step, status: Status, launcher: Launcher) -> StepResult:
    return StepResult(step.name, status.state, status.reason, status.seconds, launcher.shown(step))


def _backbone(
    plan: PipelinePlan, backbone: BackbonePlan, steps: Mapping[str, Step], statuses: Mapping[str, Status]
) -> Backbone:
    genotypes: dict[int, Path] = {}
    architectures: dict[int, Architecture] = {}
    tasks = [task for task in plan.tasks if plan.takes_part(task, backbone)]
    for seed in plan.seeds:
        step = steps[f"{tasks[0].name}.{backbone.name}.{seed}.train"]
        name = step.options.get(f"{tasks[0].backbone}.genotype")
        if name is None or (name.endswith(".json") and not Path(name).is_file()):
            continue
        architectures[seed] = load_genotype(name)
        if name.endswith(".json"):
            genotypes[seed] = Path(name)
    costs = {}
    for task in tasks:
        step = steps[f"{task.name}.{backbone.name}.cost"]
        if statuses[step.name].state == DONE:
            costs[task.name] = _cost(step.folder / COST)
    return Backbone(backbone.name, backbone.title, backbone.init, genotypes, architectures, costs)


def _cost(path: Path) -> Cost:
    """The first latency of a network, which is that of one image, and its counts.

    Raises:
        UserError: The file is damaged.
    """
    what = f"the analysis {str(path)!r}"
    content = read_json(path, what)
    try:
        rows = {row["name"]: row for row in content["parts"]}
        total = rows.get(IN_USE) or rows["total"]
        macs = total["macs_with_deconvolutions"] or total["macs"]
        height, width = content["shape"]
        latency = min((row["median"] for row in content["latency"] if row["batch"] == 1), default=None)
        return Cost(int(total["parameters"]), int(macs), latency, (int(height), int(width)), str(content["device"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(f"{what} cannot be used: {type(error).__name__}: {error}") from None


def _score(
    task: TaskPlan, backbone: BackbonePlan, seed: int, steps: Mapping[str, Step], statuses: Mapping[str, Status]
) -> Score:
    train, test = (steps[f"{task.name}.{backbone.name}.{seed}.{part}"] for part in ("train", "test"))
    status = statuses[test.name]
    if status.state in (BLOCKED, OPEN) and statuses[train.name].state != DONE:
        status = statuses[train.name]
    metrics = _metrics(test.folder / METRICS) if status.state == DONE else {}
    value = metrics.get(task.metric)
    reason = status.reason
    if status.state == DONE and task.metric not in metrics:
        reason = f"the evaluator gave no {task.metric!r}; it gave {', '.join(metrics) or 'nothing'}"
    elif status.state == DONE and value is None:
        reason = f"{task.metric} has no finite value"
    seconds = [statuses[step.name].seconds for step in (train, test)]
    return Score(
        task=task.name,
        backbone=backbone.name,
        seed=seed,
        state=status.state,
        reason=reason,
        value=None if value is None else value * task.scale,
        metrics=metrics,
        seconds=sum(one or 0 for one in seconds) if status.state == DONE else None,
        train_dir=train.folder,
        pictures=test.folder / PICTURES,
    )


def _metrics(path: Path) -> dict[str, float | None]:
    what = f"the file of metrics {str(path)!r}"
    metrics: Any = read_json(path, what)
    if not isinstance(metrics, dict) or not all(
        value is None or (type(value) in (int, float) and math.isfinite(value)) for value in metrics.values()
    ):
        raise UserError(f"{what} is no object of finite numbers; remove it to test again")
    return metrics
