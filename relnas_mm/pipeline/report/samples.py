"""Scores over seeds: mean, spread, and what is missing."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from relnas_mm.pipeline.durations import NONE
from relnas_mm.pipeline.report.formats import seeds_in_words, state_text, value_text
from relnas_mm.pipeline.report.stages import sentence_and_log
from relnas_mm.pipeline.results import DONE, OPEN, Results, Score


@dataclass(frozen=True)
class Sample:
    """Scores of a task with a backbone, one for each finished seed, in the task's unit."""

    values: tuple[float, ...] = ()

    @property
    def mean(self) -> float | None:
        """Mean over seeds; `None` without any, or if it exceeds a float."""
        return _finite(np.mean, self.values) if self.values else None

    @property
    def spread(self) -> float | None:
        """Sample standard deviation over seeds; `None` of fewer than two, or if it exceeds a float."""
        return _finite(partial(np.std, ddof=1), self.values) if len(self.values) > 1 else None

    def __str__(self) -> str:
        """Mean ± standard deviation (number of seeds)."""
        if not self.values:
            return NONE
        spread = "" if self.spread is None else f" ± {value_text(self.spread)}"
        return f"{value_text(self.mean)}{spread} ({len(self.values)})"


@dataclass(frozen=True)
class Gap:
    """Seeds of a task with a backbone that have no value, for one reason."""

    task: str
    backbone: str
    seeds: tuple[int, ...]
    state: str
    reason: str

    @property
    def words(self) -> str:
        """What is missing, and why, without the log."""
        sentence = sentence_and_log(self.reason)[0]
        return f"{self.state}, {seeds_in_words(self.seeds)}{f': {sentence}' if sentence else ''}"


def finite_value(score: Score) -> float | None:
    """The value of a finished training; `None` if there is none, or it is not finite."""
    found = score.state == DONE and score.value is not None and math.isfinite(score.value)
    return score.value if found else None


def sample_of(results: Results, task: str, backbone: str) -> Sample:
    """All values of a task with a backbone, in the order of the scores."""
    chosen = (finite_value(score) for score in results.scores if (score.task, score.backbone) == (task, backbone))
    return Sample(tuple(value for value in chosen if value is not None))


def gaps(results: Results) -> Iterator[Gap]:
    """Yields what has no value, task by task."""
    for task in results.tasks:
        for backbone in results.taking_part(task):
            found = {s.seed: s for s in results.scores if (s.task, s.backbone) == (task.name, backbone.name)}
            seeds: dict[tuple[str, str], list[int]] = {}
            for seed in dict.fromkeys((*results.seeds, *found)):
                if (why := _why_missing(found.get(seed))) is not None:
                    seeds.setdefault(why, []).append(seed)
            for (state, reason), some in seeds.items():
                yield Gap(task.name, backbone.name, tuple(some), state, reason)


def _why_missing(score: Score | None) -> tuple[str, str] | None:
    """State and reason of a score without a value; `None` if it has one."""
    if score is None:
        return state_text(OPEN), ""
    if score.state != DONE:
        return state_text(score.state), score.reason
    if score.value is None:
        return "no value", score.reason or "the test gave no value of the metric"
    return None if math.isfinite(score.value) else ("no value", f"the test gave {score.value}")


def _finite(statistic: Callable[..., Any], values: tuple[float, ...]) -> float | None:
    with np.errstate(all="ignore"):
        found = float(statistic(values))
    return found if math.isfinite(found) else None
