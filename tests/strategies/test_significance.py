"""The permutation test behind decisions of the global search, by hand and against SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from relnas_mm.strategies.significance import fewest_values, significantly_higher

pytestmark = pytest.mark.unit


def test_significance_is_that_of_all_splits():
    assert significantly_higher([4, 5, 6], [1, 2, 3], 0.05) and not significantly_higher([4, 5, 6], [1, 2, 3], 0.049)
    assert not significantly_higher([4, 5, 2], [1, 3, 3], 0.05)
    assert fewest_values(0.05) == 3 and fewest_values(0.01) == 5


@given(st.integers(2, 5).flatmap(lambda n: st.lists(st.integers(0, 9), min_size=2 * n, max_size=2 * n)))
@settings(deadline=None)
def test_significance_is_scipys(values):
    new, old = values[: len(values) // 2], values[len(values) // 2 :]
    test = stats.permutation_test(
        (new, old),
        lambda new, old, axis: new.sum(axis),
        vectorized=True,
        n_resamples=np.inf,
        alternative="greater",
    )
    for level in (0.011, 0.051, 0.11):
        assert significantly_higher(new, old, level) == (test.pvalue <= level)
