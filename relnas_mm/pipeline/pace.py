"""The time that is left, from the steps of the same kind that are done."""

from collections.abc import Collection, Mapping, Sequence
from statistics import mean

from relnas_mm.pipeline.durations import duration_text
from relnas_mm.pipeline.steps import Step


def remaining(steps: Sequence[Step], seconds: Mapping[str, float], left: Collection[str], jobs: int = 1) -> str:
    """Text on the steps that are left, such as '; 4 steps left, about 3 min 10 s'.

    Args:
        steps: All steps.
        seconds: Durations of those that are done.
        left: Names of those that are still to run.
        jobs: Number of steps that run at the same time.
    """
    if not left:
        return ""
    known: dict[str, list[float]] = {}
    for step in steps:
        if step.name in seconds:
            known.setdefault(_kind(step), []).append(seconds[step.name])
    expected = [mean(known[_kind(step)]) for step in steps if step.name in left and _kind(step) in known]
    count = f"{len(left)} step{'s' if len(left) > 1 else ''} left"
    if not expected:
        return f"; {count}"
    of = "" if len(expected) == len(left) else f" for {len(expected)} of them"
    return f"; {count}, about {duration_text(sum(expected) / min(jobs, len(expected)))}{of}"


def _kind(step: Step) -> str:
    """Task and tool: seeds and backbones of a task take about the same time."""
    return f"{step.stage} {step.tool}"
