"""Which steps of a pipeline to run: `--from`, `--until` and `--only`."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from relnas_mm.errors import UserError
from relnas_mm.pipeline.steps import Step


def select(
    steps: Sequence[Step], first: str | None = None, last: str | None = None, only: Sequence[str] = ()
) -> frozenset[str]:
    """Names of the selected steps.

    Args:
        steps: All steps in their order.
        first: Step or group of steps to start with, such as 'classification'; `None` for the first one.
        last: Step or group of steps to end with; `None` for the last one.
        only: Steps, groups, or patterns such as 'detection.*.train'; none selects all.

    Raises:
        UserError: No step has one of these names, or the first one comes after the last one.
    """
    names = [step.name for step in steps]
    begin = _indices(names, first, "--from")[0] if first else 0
    end = _indices(names, last, "--until")[-1] if last else len(names) - 1
    if begin > end:
        raise UserError(f"--from {first!r} comes after --until {last!r}")
    wanted = {index for pattern in only for index in _indices(names, pattern, "--only")} if only else range(len(names))
    return frozenset(names[index] for index in range(begin, end + 1) if index in wanted)


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern names a step or one of the groups that it belongs to: 'a' and 'a.b' match 'a.b.c'."""
    return fnmatchcase(name, pattern) or fnmatchcase(name, pattern + ".*")


def _indices(names: list[str], pattern: str, option: str) -> list[int]:
    found = [index for index, name in enumerate(names) if matches(name, pattern)]
    if not found:
        groups = ", ".join(dict.fromkeys(name.split(".")[0] for name in names))
        raise UserError(f"{option} {pattern!r} is no step of this pipeline; --dry-run lists them, in groups: {groups}")
    return found
