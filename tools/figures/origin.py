"""What every table of figures has in common."""

from typing import Any


def spread(mean: float, std: float | None) -> str:
    """A mean and, where there is one, its standard deviation, with two digits."""
    return f"{mean:.2f}" if std is None else f"{mean:.2f} ± {std:.2f}"


def figure(value: float, spread: float | None) -> str:
    """The same with as many digits as the size of the value calls for."""
    digits = 2 if abs(value) >= 10 else 4
    return f"{value:.{digits}f}" if spread is None else f"{value:.{digits}f} ± {spread:.{digits}f}"


def origin(record: dict[str, Any]) -> str:
    """Seeds, commit, version and command behind a table."""
    seeds = len(record["seeds"])
    runs = f"{seeds} seeds, mean ± standard deviation" if seeds > 1 else "one run, no spread"
    runs += ", fewer than three seeds" if seeds == 2 else ""
    return f"*{runs}; commit {record['commit']}, torch {record['versions']['torch']}; `{record['command']}`*"
