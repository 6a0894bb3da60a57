"""Steps of a pipeline by stage: how long they took, and which of them are not done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relnas_mm.pipeline.report.formats import state_text
from relnas_mm.pipeline.results import DONE, StepResult


@dataclass(frozen=True)
class Stage:
    """All steps whose names begin alike, such as 'detection'."""

    name: str
    steps: tuple[StepResult, ...]

    @property
    def seconds(self) -> float:
        """Total duration of the steps that are done."""
        return sum(step.seconds or 0.0 for step in self.steps)

    @property
    def done(self) -> int:
        """Number of steps that are done."""
        return sum(step.state == DONE for step in self.steps)


@dataclass(frozen=True)
class Unfinished:
    """Steps that are not done for the same reason.

    Args:
        state: Their state, in words.
        names: Their names.
        sentence: The reason in a sentence; '' if none is known.
        log: Last lines of the log; '' if there are none.
    """

    state: str
    names: tuple[str, ...]
    sentence: str
    log: str


def stages(steps: Sequence[StepResult]) -> list[Stage]:
    """Groups steps by what stands before the first '.' of their names, in the order of their first steps."""
    grouped: dict[str, list[StepResult]] = {}
    for step in steps:
        grouped.setdefault(step.name.split(".")[0], []).append(step)
    return [Stage(name, tuple(some)) for name, some in grouped.items()]


def unfinished(steps: Sequence[StepResult]) -> Iterator[Unfinished]:
    """Yields the steps that are not done, grouped by state and reason, in the order of their first steps."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        if step.state != DONE:
            grouped.setdefault((state_text(step.state), step.reason), []).append(step.name)
    for (state, reason), names in grouped.items():
        yield Unfinished(state, tuple(names), *sentence_and_log(reason))


def sentence_and_log(reason: str) -> tuple[str, str]:
    """Splits a reason into its first line and the lines of a log that follow it."""
    sentence, _, log = reason.strip().partition("\n")
    return sentence, log.strip("\n")
