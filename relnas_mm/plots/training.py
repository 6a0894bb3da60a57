"""Training curves from the logs of MMEngine's LocalVisBackend."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.files import LARGE, parse_json, read_text
from relnas_mm.plots.style import BLUE, RED, tidy


def scalars(train_dir: Path) -> Iterator[dict[str, Any]]:
    """Yields all logged rows of a work_dir in chronological order, including resumed runs.

    Raises:
        UserError: A line of a log is no JSON object.
    """
    for path in sorted(train_dir.glob("*/vis_data/scalars.json")):
        for number, line in enumerate(read_text(path, f"the log {str(path)!r}", LARGE).splitlines(), 1):
            where = f"line {number} of the log {str(path)!r}"
            row = parse_json(line, where, nan=True)
            if not isinstance(row, dict):
                raise UserError(f"{where} is a {type(row).__name__}; it must be an object")
            yield row


def metric_curve(train_dir: Path, metric: str) -> dict[int, float]:
    """Validation metric by epoch, or by iteration in iteration-based loops; 0 is the untrained model.

    Raises:
        UserError: As `scalars`, or a value is no number.
    """
    return _curve(train_dir, metric)


def loss_curve(train_dir: Path) -> dict[int, float]:
    """Training loss by iteration.

    Raises:
        UserError: As `scalars`, or a value is no number.
    """
    return _curve(train_dir, "loss")


def _curve(train_dir: Path, key: str) -> dict[int, float]:
    points = {}
    for row in scalars(train_dir):
        if key in row:
            step, value = row.get("step"), row[key]
            if not isinstance(step, int) or not isinstance(value, (int, float)):
                raise UserError(
                    f"a log in {str(train_dir)!r} has step {step!r:.60} and {key} {value!r:.60}; both must be numbers"
                )
            points[step] = float(value)
    return points


def draw_curves(train_dir: Path, metric: str, path: Path) -> Path:
    """Draws loss and metric of a training run side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    loss, score = loss_curve(train_dir), metric_curve(train_dir, metric)
    left.plot(list(loss), list(loss.values()), color=BLUE)
    left.set(xlabel="iteration", title="training loss")
    right.plot(list(score), list(score.values()), "o-", color=RED)
    right.set(xlabel="epoch (0: untrained)", title=f"validation {metric}", ylim=(0, None))
    for axis in (left, right):
        tidy(axis)
    figure.savefig(path, dpi=100)
    return path
