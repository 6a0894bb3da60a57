"""Is one mean higher than another by more than luck: an exact permutation test for a handful of values."""

import itertools
import math
from collections.abc import Sequence


def significantly_higher(new: Sequence[float], old: Sequence[float], level: float) -> bool:
    """Whether, of all ways to deal out the values, at most `level` give the first sample so high a sum.

    Args:
        new: Values that should be higher.
        old: Values to compare with.
        level: Level of the one-sided test.
    """
    values = [*new, *old]
    as_high = sum(sum(split) >= sum(new) - 1e-9 for split in itertools.combinations(values, len(new)))
    return as_high <= level * math.comb(len(values), len(new))


def fewest_values(level: float) -> int:
    """Size of two equal samples from which on a difference can be significant."""
    return next(size for size in itertools.count(1) if level * math.comb(2 * size, size) >= 1)
