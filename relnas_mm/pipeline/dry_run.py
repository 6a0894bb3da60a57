"""The plan of a pipeline in words: steps, what is done, missing data, and estimates."""

from collections.abc import Collection

from relnas_mm.pipeline.durations import duration_text
from relnas_mm.pipeline.estimates import Estimates
from relnas_mm.pipeline.learning_rates import scaled_rates
from relnas_mm.pipeline.results import BLOCKED, DONE, NO_DATA
from relnas_mm.pipeline.run import PipelineRun, Status
from relnas_mm.pipeline.steps import Step
from relnas_mm.provenance import device_in_words

HEADER = ("step", "state", "time", "memory", "disk")
COLUMNS = "{:<44} {:<22} {:>12} {:>10} {:>10}"


def dry_run(pipeline: PipelineRun, selected: Collection[str], estimates: Estimates) -> str:
    """Describes what a run would do.

    Args:
        pipeline: The pipeline.
        selected: Names of the steps to run.
        estimates: Estimates of their time, memory and disk.

    Returns:
        A table with a line per step, the missing data, the sums, and the commands.
    """
    statuses = pipeline.statuses()
    lines = [COLUMNS.format(*HEADER)]
    seconds = disk = memory = 0.0
    unknown = 0
    for step in pipeline.steps:
        status = statuses[step.name]
        runs = step.name in selected and status.state not in (DONE, NO_DATA)
        estimate = estimates[step]
        if status.state == DONE:
            taken = duration_text(status.seconds or 0)
        else:
            taken = "–" if estimate.seconds is None else f"~{duration_text(estimate.seconds)}"
        lines.append(
            COLUMNS.format(
                step.name, _state(step, status, selected), taken, _size(estimate.memory), _size(estimate.disk)
            )
        )
        if runs:
            seconds += estimate.seconds or 0
            unknown += estimate.seconds is None
            disk += estimate.disk or 0
            memory = max(memory, estimate.memory or 0)
    more = f", and {unknown} without an estimate" if unknown else ""
    lines += [
        "",
        f"to run: about {duration_text(seconds)}{more}; at most {_size(memory)} of memory; {_size(disk)} of disk in "
        f"{str(pipeline.work_dir)!r}; estimated on {device_in_words()}",
    ]
    lines += scaled_rates(
        [step for step in pipeline.steps if step.name in selected], pipeline.inputs, pipeline.launcher.gpus
    )
    if missing := [name for name, status in statuses.items() if status.state == NO_DATA and name in selected]:
        reasons = dict.fromkeys(statuses[name].reason for name in missing)
        lines += ["", f"missing data of {len(missing)} steps; the others run without them:"]
        lines += [f"  {reason}\n    for {_names(reason, missing, statuses)}" for reason in reasons]
    lines += ["", "commands:"]
    lines += [f"  {pipeline.launcher.shown(step)}" for step in pipeline.steps if step.name in selected]
    return "\n".join(lines)


def _state(step: Step, status: Status, selected: Collection[str]) -> str:
    if status.state == DONE or status.state == NO_DATA:
        return status.state
    if step.name not in selected:
        return "left out"
    if status.changed:
        return "inputs changed"
    return "after the steps above" if status.state == BLOCKED else "to run" if status.seconds is None else "to continue"


def _names(reason: str, missing: list[str], statuses: dict[str, Status]) -> str:
    names = [name for name in missing if statuses[name].reason == reason]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _size(count: float | None) -> str:
    if not count:
        return "–"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count:.0f} B"
