"""The forest beside ReNAS."""

import math
import sys

import numpy as np
import pytest

from relnas_mm.errors import UserError
from relnas_mm.predictors import ENCODINGS, kendall_tau
from relnas_mm.predictors.forest import Forest
from relnas_mm.spaces import NASBenchMacroSpace

pytestmark = pytest.mark.unit

FLOW = ENCODINGS["nasbench-macro/flow"]


def codes(count, seed=0):
    space = NASBenchMacroSpace()
    return [space.decode(vector) for vector in space.sample(np.random.default_rng(seed), count)]


def scores(some):
    return np.array([sum(map(int, code)) + 3.0 * (code[0] == "2") for code in some])


def test_it_ranks_what_it_never_saw_and_is_deterministic():
    known, unseen = codes(150), codes(200, 1)
    first, second = (Forest(FLOW, trees=15, seed=4).fit(known, scores(known)).predict(unseen) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, Forest(FLOW, trees=15, seed=5).fit(known, scores(known)).predict(unseen))
    assert kendall_tau(first, scores(unseen)) > 0.5


def test_predictions_stay_within_what_was_seen():
    known = codes(60)
    found = Forest(FLOW, trees=3, min_samples_split=2).fit(known, scores(known)).predict(codes(100, 1))
    assert scores(known).min() <= found.min() <= found.max() <= scores(known).max()


def test_a_tree_that_may_split_everything_knows_its_samples():
    known = sorted(set(codes(40)))
    distinct = FLOW(known)
    _, places = np.unique(distinct, axis=0, return_index=True)
    known = [known[place] for place in places]
    found = Forest(FLOW, trees=1, min_samples_split=2).fit(known, scores(known)).predict(known)
    np.testing.assert_allclose(found, scores(known))


@pytest.mark.parametrize(("trees", "min_samples_split"), [(0, 5), (3, 1)])
def test_bad_sizes_are_refused(trees, min_samples_split):
    with pytest.raises(UserError, match="Forest"):
        Forest(FLOW, trees, min_samples_split)


def test_scikit_learn_is_asked_for_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(UserError, match=r"^Forest needs scikit-learn, .*: pip install 'scikit-learn>=1\.4'$"):
        Forest(FLOW)


def test_bad_scores_are_refused():
    with pytest.raises(UserError, match="score 0"):
        Forest(FLOW).fit(codes(2), [math.nan, 1.0])
