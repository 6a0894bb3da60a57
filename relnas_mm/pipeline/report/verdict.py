"""The verdict: the first backbone against each other one, on each task, and what may be concluded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from relnas_mm.pipeline.report.formats import difference_text, value_text
from relnas_mm.pipeline.report.samples import Sample, sample_of
from relnas_mm.pipeline.results import Backbone, Results, Task
from relnas_mm.statistics import holm, mann_whitney, smallest_p

LEVEL = 0.05
"""Corrected p-values below are significant."""

BETTER, WORSE, UNDECIDED, UNTESTED, MISSING = "better", "worse", "not significant", "not tested", "no value"
"""Conclusions: significant, twice; tested and not significant; too few seeds for a test; a side without a value."""


@dataclass(frozen=True)
class Duel:
    """The first backbone against another one on a task.

    Args:
        task: The task.
        rival: The other backbone.
        first: Scores of the first backbone.
        second: Scores of the other one.
        p: p-value, corrected over all tests of the report; `None` if there are too few seeds for a test.
    """

    task: Task
    rival: Backbone
    first: Sample
    second: Sample
    p: float | None = None

    @property
    def difference(self) -> float | None:
        """Difference of the means, in the task's unit; `None` without a mean on both sides."""
        if self.first.mean is None or self.second.mean is None:
            return None
        return self.first.mean - self.second.mean

    @property
    def spread(self) -> float | None:
        """Standard deviation of the difference between two single runs; `None` if a side has fewer than two seeds."""
        if self.first.spread is None or self.second.spread is None:
            return None
        return math.hypot(self.first.spread, self.second.spread)

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of seeds with a value on both sides."""
        return len(self.first.values), len(self.second.values)

    @property
    def testable(self) -> bool:
        """Whether a test of so many seeds could give a p-value below `LEVEL`."""
        return min(self.sizes) > 0 and smallest_p(*self.sizes) < LEVEL

    @property
    def conclusion(self) -> str:
        """One of the five above; 'better' and 'worse' need means and medians that agree."""
        if self.difference is None:
            return MISSING
        if self.p is None:
            return UNTESTED
        medians = float(np.median(self.first.values) - np.median(self.second.values))
        if self.p >= LEVEL or self.difference * medians < 0 or self.difference == 0:
            return UNDECIDED
        return BETTER if self.difference > 0 else WORSE

    @property
    def difference_in_words(self) -> str:
        """Difference ± its spread, without the unit."""
        spread = "" if self.spread is None else f" ± {value_text(self.spread)}"
        return difference_text(self.difference) + spread


def duels(results: Results) -> list[Duel]:
    """The first backbone against each other one, task by task, with p-values by Mann and Whitney, and Holm.

    Tests that could not give a p-value below `LEVEL`, whatever their values, are not made, and so not corrected for.
    """
    found = [
        Duel(task, rival, _sample(results, task, results.backbones[0]), _sample(results, task, rival))
        for task in results.tasks
        for rival in results.taking_part(task)
        if rival is not results.backbones[0] and results.backbones[0] in results.taking_part(task)
    ]
    places = [place for place, duel in enumerate(found) if duel.testable]
    corrected = holm([mann_whitney(found[place].first.values, found[place].second.values) for place in places])
    for place, p in zip(places, corrected):
        found[place] = replace(found[place], p=p)
    return found


def headline(found: Sequence[Duel], name: str) -> str:
    """The verdict in one or two sentences.

    Args:
        found: All duels of the report.
        name: Name of the first backbone.
    """
    if not found:
        return f"There is nothing to compare {name} with."
    counts = {kind: sum(duel.conclusion == kind for duel in found) for kind in (BETTER, WORSE, MISSING)}
    tested = [duel for duel in found if duel.p is not None]
    untested = [duel for duel in found if duel.conclusion == UNTESTED]
    sentences = []
    if tested:
        parts = [f"significantly {kind} in {counts[kind]}" for kind in (BETTER, WORSE) if counts[kind]]
        sentences.append(
            f"Of {_count(len(tested), 'tested comparison')}, {name} is {' and '.join(parts)}."
            if parts
            else f"In {_count(len(tested), 'tested comparison')}, {name} is neither significantly better nor worse"
            f"{'; with so few seeds for so many tests, it cannot be' if _least_p(tested) >= LEVEL else ''}."
        )
    if tested or untested:
        higher = sum((duel.difference or 0) > 0 for duel in found)
        subject = "Its mean" if tested else f"The mean of {name}"
        chance = f"; {len(untested)} of them with too few seeds for a test" if tested else ", which may be chance"
        sentences.append(
            f"{subject} is higher in {higher} of {_count(len(tested) + len(untested), 'comparison')}"
            f"{chance if untested else ''}."
        )
    if counts[MISSING]:
        sentences.append(f"Still without a value: {_count(counts[MISSING], 'comparison')}.")
    return " ".join(sentences)


def sentences_by_rival(found: Sequence[Duel]) -> dict[str, str]:
    """What was found against each backbone, as one sentence by its name."""
    titles = (
        (BETTER, "significantly better on"),
        (WORSE, "significantly worse on"),
        (UNDECIDED, "no significant difference on"),
        (UNTESTED, "not tested on"),
        (MISSING, "no value yet for"),
    )
    sentences = {}
    for rival in dict.fromkeys(duel.rival.name for duel in found):
        parts = []
        for kind, words in titles:
            tasks = [_with_difference(duel) for duel in found if (duel.rival.name, duel.conclusion) == (rival, kind)]
            if tasks:
                parts.append(f"{words} {', '.join(tasks)}")
        sentences[rival] = "; ".join(parts)
    return sentences


def caveats(found: Sequence[Duel]) -> list[str]:
    """What the numbers of seeds do and do not allow to conclude, in plain sentences."""
    sentences = []
    untested = {duel.sizes for duel in found if duel.conclusion == UNTESTED}
    for sizes in sorted(untested):
        sentences.append(_too_few(sizes))
    if untested:
        enough = _fewest_seeds(1)
        sentences.append(f"Nothing without a test is marked as significant; a test needs {enough} seeds on both sides.")
    tested = [duel for duel in found if duel.p is not None]
    if tested:
        sentences.append(
            f"p-values are those of the two-sided rank test of Mann and Whitney, corrected by Holm over "
            f"{'the only test' if len(tested) == 1 else f'all {len(tested)} tests'} of this page; "
            f"“better” and “worse” are said below {LEVEL} only."
        )
        if (least := _least_p(tested)) >= LEVEL:
            sentences.append(
                f"With so few seeds for {len(tested)} tests, no corrected p-value can be below {least:.2g}, "
                f"so no difference can be significant; {_fewest_seeds(len(tested))} seeds on both sides are enough."
            )
    if any(duel.spread is not None for duel in found):
        sentences.append(
            "± is the standard deviation over seeds; of a difference, the standard deviation of the difference between "
            "two single runs."
        )
    return sentences


def _sample(results: Results, task: Task, backbone: Backbone) -> Sample:
    return sample_of(results, task.name, backbone.name)


def _with_difference(duel: Duel) -> str:
    return duel.task.name if duel.difference is None else f"{duel.task.name} ({duel.difference_in_words})"


def _too_few(sizes: tuple[int, int]) -> str:
    first, second = sizes
    if sizes == (1, 1):
        return "One run, no spread: a difference of two single runs may be chance."
    words = _count(first, "seed") if first == second else f"{first} against {_count(second, 'seed')}"
    return f"{words}: too few for a test; its smallest possible p-value is {smallest_p(first, second):.2g}."


def _least_p(tested: Sequence[Duel]) -> float:
    """Smallest corrected p-value that so many tests of so many seeds could give."""
    return min(1.0, len(tested) * min(smallest_p(*duel.sizes) for duel in tested))


def _fewest_seeds(tests: int) -> int:
    """Fewest seeds on both sides with which one of so many tests can be significant after correction."""
    return next(size for size in range(2, 1000) if tests * smallest_p(size, size) < LEVEL)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
