"""Number formats and provenance line of the tables."""

from typing import Any

CHANGED = (
    "*(`+`: that commit with uncommitted changes; the code has moved since, and this has not been measured again)*"
)
"""Follows the commit of a record that was measured from a checkout with changes."""


def spread(mean: float, std: float | None) -> str:
    """Formats a mean and, if known, its standard deviation with two digits."""
    return f"{mean:.2f}" if std is None else f"{mean:.2f} ± {std:.2f}"


def figure(value: float, spread: float | None) -> str:
    """Formats the same with two digits from 10 upwards and four below."""
    digits = 2 if abs(value) >= 10 else 4
    return f"{value:.{digits}f}" if spread is None else f"{value:.{digits}f} ± {spread:.{digits}f}"


def origin(record: dict[str, Any]) -> str:
    """Seeds, commit, torch version and command behind a table."""
    seeds = len(record["seeds"])
    runs = f"{seeds} seeds, mean ± standard deviation" if seeds > 1 else "one run, no spread"
    runs += ", fewer than three seeds" if seeds == 2 else ""
    line = f"*{runs}; commit {record['commit']}, torch {record['versions']['torch']}; `{record['command']}`*"
    return f"{line}\n{CHANGED}" if "+" in record["commit"] else line
