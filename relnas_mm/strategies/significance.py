"""An exact one-sided permutation test for small samples."""

import itertools
import math
from collections.abc import Sequence


def significantly_higher(new: Sequence[float], old: Sequence[float], level: float) -> bool:
    """Tests whether the mean of `new` is significantly higher than that of `old`.

    Args:
        new: The sample whose mean should be higher.
        old: The sample to compare with.
        level: Significance level of the one-sided test.
    """
    values = [*new, *old]
    as_high = sum(sum(split) >= sum(new) - 1e-9 for split in itertools.combinations(values, len(new)))
    return as_high <= level * math.comb(len(values), len(new))


def fewest_values(level: float) -> int:
    """Least size of two equal samples at which a difference can be significant."""
    return next(size for size in itertools.count(1) if level * math.comb(2 * size, size) >= 1)
