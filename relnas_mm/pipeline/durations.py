"""Durations in words."""

import math

NONE = "–"
"""Stands for a figure that does not exist."""


def duration_text(seconds: float | None) -> str:
    """A duration by its two largest units, such as '3 min 12 s'; '–' if it is unknown or not finite."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return NONE
    if seconds < 1:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    for big, small, names in ((days, hours, "d h"), (hours, minutes, "h min"), (minutes, rest, "min s")):
        if big:
            first, second = names.split()
            return f"{big:,} {first} {small} {second}"
    return f"{rest} s"
