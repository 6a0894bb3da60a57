"""How reports write figures: scores, counts, times."""

import math
from collections.abc import Iterable

from relnas_mm.pipeline.durations import NONE
from relnas_mm.pipeline.results import OPEN

_MINUS = "−"
_HUGE = 1e9  # from here on with an exponent


def value_text(value: float | None) -> str:
    """A score in the unit of its task, such as '41.23'."""
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{abs(value):.2f}" if abs(value) < _HUGE else f"{abs(value):.3g}"
    return f"{_MINUS}{text}" if value < 0 and text.strip("0.") else text


def difference_text(value: float | None) -> str:
    """A difference of scores with its sign, such as '+1.23'."""
    text = value_text(value)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.–") else text


def p_text(p: float | None) -> str:
    """A p-value, such as '0.024'."""
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def count_text(count: int | None) -> str:
    """A number of parameters, such as '548,472'."""
    return NONE if count is None else f"{count:,}"


def macs_text(macs: int | None) -> str:
    """Multiply-adds, such as '0.02 G', or with M below 0.01 G."""
    if macs is None:
        return NONE
    return f"{macs / 1e9:,.2f} G" if macs >= 1e7 else f"{macs / 1e6:,.2f} M"


def latency_text(milliseconds: float | None) -> str:
    """A latency, such as '3.21 ms'."""
    return NONE if milliseconds is None or not math.isfinite(milliseconds) else f"{milliseconds:,.2f} ms"


def state_text(state: str) -> str:
    """A state of a step, as readers who do not know the pipeline understand it."""
    return "not started" if state == OPEN else state


def seeds_in_words(seeds: Iterable[int]) -> str:
    """Seeds as in a sentence, such as 'seed 0' or 'seeds 0, 2'."""
    listed = [str(seed) for seed in seeds]
    return f"seed{'' if len(listed) == 1 else 's'} {', '.join(listed)}"
