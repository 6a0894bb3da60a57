"""The rank test and its correction, against SciPy and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.comparison.statistics import holm, mann_whitney, mean_ranks

pytestmark = pytest.mark.unit
samples = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=40)


@given(samples, samples)
@settings(deadline=None)
def test_it_is_scipys_test_where_the_approximation_is(first, second):
    stats = pytest.importorskip("scipy.stats")
    first, second = first * 12, second * 12  # too many for the exact test
    expected = stats.mannwhitneyu(first, second, method="asymptotic").pvalue
    if np.isfinite(expected):
        assert mann_whitney(first, second) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=12, unique=True), st.integers(1, 3))
@settings(deadline=None)
def test_it_is_scipys_exact_test_without_ties(values, split):
    stats = pytest.importorskip("scipy.stats")
    first, second = values[:split], values[split:]
    expected = stats.mannwhitneyu(first, second, method="exact").pvalue
    assert mann_whitney(first, second) == pytest.approx(expected, abs=1e-12)


def test_three_seeds_cannot_be_below_a_tenth():
    assert mann_whitney([1, 2, 3], [4, 5, 6]) == pytest.approx(0.1)
    assert mann_whitney([1, 1, 1], [1, 1, 1]) == 1.0 == mann_whitney([1] * 50, [1] * 50)


def test_ranks_share():
    assert mean_ranks(np.array([5.0, 1.0, 5.0, 0.0])).tolist() == [3.5, 2.0, 3.5, 1.0]


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == [1.0, 1.0] and holm([]) == []


def test_luck_is_rarely_called_a_difference():
    rng = np.random.default_rng(0)
    hits = [min(holm([mann_whitney(rng.random(20), rng.random(20)) for _ in range(5)])) < 0.05 for _ in range(300)]
    assert np.mean(hits) < 0.09
