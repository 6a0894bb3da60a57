"""The rank test and its correction, against SciPy and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from relnas_mm.statistics import holm, mann_whitney, mean_difference, smallest_p, superiority, values_needed

pytestmark = pytest.mark.unit
samples = st.lists(st.integers(0, 9).map(float), min_size=1, max_size=40)


@given(samples, samples)
@settings(deadline=None)
def test_many_values_take_the_approximation(first, second):
    """By its formula, with corrections for ties and continuity."""
    first, second = first * 12, second * 12
    n, m = len(first), len(second)
    distance = abs(sum(np.sign(np.subtract.outer(first, second)).ravel())) / 2
    counts = np.unique([*first, *second], return_counts=True)[1].astype(float)
    variance = n * m / 12 * (n + m + 1 - (counts**3 - counts).sum() / ((n + m) * (n + m - 1)))
    expected = math.erfc(max(distance - 0.5, 0.0) / math.sqrt(2 * variance)) if variance > 0 else 1.0
    assert mann_whitney(first, second) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=12, unique=True), st.integers(1, 3))
@settings(deadline=None)
def test_it_is_scipys_exact_test_without_ties(values, split):
    first, second = values[:split], values[split:]
    expected = stats.mannwhitneyu(first, second, method="exact").pvalue
    assert mann_whitney(first, second) == pytest.approx(expected, abs=1e-12)


@given(samples.map(lambda values: (values * 2)[:6]), samples.map(lambda values: (values * 2)[:5]))
@settings(deadline=None)
def test_few_values_with_ties_are_permuted(first, second):
    ranks, n = stats.rankdata([*first, *second]), len(first)
    expected = stats.permutation_test(
        (ranks[:n], ranks[n:]),
        lambda ours, theirs, axis: abs(ours.mean(axis) - theirs.mean(axis)),
        vectorized=True,
        n_resamples=np.inf,
        alternative="greater",
    )
    assert mann_whitney(first, second) == pytest.approx(expected.pvalue, abs=1e-12)


def test_three_seeds_cannot_be_below_a_tenth():
    assert mann_whitney([1, 2, 3], [4, 5, 6]) == pytest.approx(0.1)
    assert mann_whitney([1, 1, 1], [1, 1, 1]) == 1.0 == mann_whitney([1] * 50, [1] * 50)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == [1.0, 1.0] and holm([]) == []


def test_luck_is_rarely_called_a_difference():
    rng = np.random.default_rng(0)
    hits = [min(holm([mann_whitney(rng.random(20), rng.random(20)) for _ in range(5)])) < 0.05 for _ in range(300)]
    assert np.mean(hits) < 0.09


@pytest.mark.parametrize("first, second", [(1, 1), (1, 5), (2, 2), (3, 3), (3, 5), (4, 4), (5, 5)])
def test_the_smallest_p_is_that_of_samples_that_do_not_overlap(first, second):
    apart = mann_whitney([float(i) for i in range(first)], [10.0 + i for i in range(second)])
    assert smallest_p(first, second) == pytest.approx(apart)


@given(samples, samples)
def test_superiority_counts_pairs(first, second):
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in first for b in second]
    assert superiority(first, second) == pytest.approx(sum(wins) / len(wins))
    assert superiority(first, second) + superiority(second, first) == pytest.approx(1.0)


def test_an_interval_of_a_difference():
    """Welch's interval by its formula."""
    first, second = [1.0, 2.0, 3.0, 6.0], [0.0, 1.0, 1.0]
    parts = [np.var(values, ddof=1) / len(values) for values in (first, second)]
    freedom = sum(parts) ** 2 / sum(part**2 / (len(values) - 1) for part, values in zip(parts, (first, second)))
    half = stats.t.ppf(0.975, freedom) * math.sqrt(sum(parts))
    difference = 3.0 - 2 / 3
    assert mean_difference(first, second) == pytest.approx((difference, difference - half, difference + half))
    assert mean_difference([1.0], second) is None
    assert mean_difference([2.0, 2.0], [1.0, 1.0]) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("tests, needed", [(1, 4), (2, 5), (18, 6)])
def test_the_number_of_values_that_a_test_needs(tests, needed):
    assert values_needed(tests, 0.05) == needed
    assert tests * smallest_p(needed, needed) < 0.05 <= tests * smallest_p(needed - 1, needed - 1)
