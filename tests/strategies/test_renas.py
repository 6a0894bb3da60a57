"""ReNAS as a strategy, and the referee of slow-fast learning."""

import copy
import math

import numpy as np
import pytest
from helpers.strategies import run_strategy

from relnas_mm.errors import UserError
from relnas_mm.predictors import load_predictor
from relnas_mm.spaces import CellSpace, NASBench101Space, NASBench201Space, NASBenchMacroSpace, Space
from relnas_mm.strategies import RefereedLearning, ReNAS, SlowFastLearning, Strategy
from relnas_mm.strategies.labels import scores_of
from relnas_mm.strategies.referee import Calibration, Referee

pytestmark = pytest.mark.unit

QUICK = {"base": "improved", "epochs": 40, "most_steps": 60, "members": 2, "hidden": 32, "lr": 0.01}
COUNTS = {"queries": 40, "samples": 24, "top_k": 8, "predictor": QUICK, "calls": 40, "population_size": 10}


def loss_of(architecture) -> float:
    """Many convolutions are good, wherever they are."""
    text = str(architecture)
    good = ("3x3~", "sep_conv", "c3", "2")
    return 10.0 - sum(text.count(word) for word in good) + text.count("none") + text.count("skip")


def run(strategy, until=None, losses=loss_of):
    """Candidates in the order in which they were asked for, in `until` groups."""
    log = run_strategy(strategy, lambda candidate: losses(candidate.architecture), until)
    return [architecture for told in log for architecture in told.architectures]


@pytest.mark.parametrize("space", [CellSpace, NASBench101Space, NASBench201Space, NASBenchMacroSpace])
def test_it_scores_what_its_predictor_likes(space):
    strategy = ReNAS(space(), **COUNTS)
    assert isinstance(strategy, Strategy)
    seen = run(strategy)
    assert len(seen) == len(set(seen)) == 40
    losses = [loss_of(architecture) for architecture in seen]
    assert np.mean(losses[24:]) < np.mean(losses[:24])
    assert strategy.best.loss == min(losses)


def test_in_a_listed_space_the_best_of_all_are_found():
    strategy = ReNAS(NASBench201Space(), 64, 56, 8, QUICK)
    found = run(strategy)[56:]
    assert min(map(loss_of, found)) <= 5.0  # all but one edge a 3x3 convolution


@pytest.mark.parametrize("stop", [10, 24, 29])
def test_a_saved_search_continues_as_if_it_had_not_stopped(stop):
    whole = run(ReNAS(NASBench201Space(), **COUNTS, seed=3))
    first = ReNAS(NASBench201Space(), **COUNTS, seed=3)
    begun = run(first, stop)
    state = copy.deepcopy(first.state_dict())
    second = ReNAS(NASBench201Space(), **COUNTS, seed=3)
    second.load_state_dict(state)
    assert begun + run(second) == whole


def test_predictors_are_written_when_asked_for(tmp_path):
    strategy = ReNAS(NASBench201Space(), **COUNTS, save_to=str(tmp_path))
    cells = run(strategy)
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["predictor_24.json", "predictor_32.json"]
    loaded = load_predictor(tmp_path / "predictor_32", strategy.encoding)
    np.testing.assert_array_equal(loaded.predict(cells), strategy.predictor.predict(cells))


def test_only_architectures_within_the_budget_are_proposed():
    seen = run(ReNAS(NASBench201Space(), **COUNTS, feasible=lambda cell: "none" not in cell))
    assert not any("none" in cell for cell in seen)


def test_a_candidate_that_diverged_is_the_worst_and_stops_nothing():
    seen = run(ReNAS(NASBench201Space(), **COUNTS), losses=lambda cell: math.nan if "pool" in cell else loss_of(cell))
    assert len(seen) == 40
    assert scores_of(np.array([1.0, np.nan, 3.0])).tolist() == [-1.0, -3.0, -3.0]


def test_losses_are_compared_within_their_generation():
    losses = np.array([9.0, 8.0, 7.0, 3.0, 2.0, 1.0])
    np.testing.assert_array_equal(scores_of(losses, 3), [-1.0, 0.0, 1.0] * 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"samples": 40}, "samples of ReNAS is 40 and queries 40"),
        ({"samples": 1}, "samples of ReNAS is 1"),
        ({"top_k": 0}, "top_k"),
        ({"predictor": "better"}, "'better'"),
        ({"calls": 0}, "calls"),
    ],
)
def test_bad_settings_of_renas_are_refused(change, words):
    with pytest.raises(UserError, match=words):
        ReNAS(NASBench201Space(), **{**COUNTS, **change})


def test_a_space_without_an_encoding_is_refused():
    class Flags(Space):
        def decode(self, vector):
            raise NotImplementedError

    with pytest.raises(UserError, match="no encoding 'tensor' of Flags"):
        ReNAS(Flags([2, 2]), 10, 5)  # type: ignore[arg-type]


def test_losses_that_are_all_equal_teach_nothing():
    with pytest.raises(UserError, match="all 24 scores"):
        run(ReNAS(NASBench201Space(), **COUNTS), losses=lambda cell: 1.0)


DUELS = {"population_size": 8, "generations": 12, "warmup": 24, "retrain": 24, "duels": 6, "predictor": QUICK}


def test_a_referee_that_never_speaks_changes_nothing():
    plain, refereed = (
        SlowFastLearning(NASBench201Space(), 8, 6, 1, False),
        RefereedLearning(NASBench201Space(), population_size=8, generations=6, seed=1, confidence=1.0, predictor=QUICK),
    )
    assert run(plain) == run(refereed)
    assert refereed.counts["fought"] == 24
    assert isinstance(refereed, Strategy)


def test_a_sure_referee_saves_training():
    strategy = RefereedLearning(NASBench201Space(), **DUELS, confidence=0.7)
    seen = run(strategy)
    counts = strategy.counts
    assert counts["decided"] > 0
    assert counts["fought"] + counts["decided"] == 48
    assert len(seen) == 2 * counts["fought"]
    assert strategy.best.loss == min(map(loss_of, seen))
    assert strategy.best.loss <= np.quantile(list(map(loss_of, seen)), 0.1)


def test_memory_trains_nothing_twice():
    strategy = RefereedLearning(NASBench201Space(), **DUELS, confidence=1.0, memory=True)
    seen = run(strategy)
    assert len(seen) < 96
    assert strategy.counts["remembered"] + strategy.counts["fought"] == 48
    plain = SlowFastLearning(NASBench201Space(), 8, 12, 0, False)
    assert set(seen) == set(run(plain))  # the same search


@pytest.mark.parametrize(("stop", "memory"), [(10, False), (60, False), (30, True)])
def test_a_saved_refereed_search_continues_as_if_it_had_not_stopped(stop, memory):
    settings = {**DUELS, "confidence": 0.8, "seed": 2, "memory": memory}
    reference = RefereedLearning(NASBench201Space(), **settings)
    whole = run(reference)
    first = RefereedLearning(NASBench201Space(), **settings)
    begun = run(first, stop)
    second = RefereedLearning(NASBench201Space(), **settings)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert begun + run(second) == whole
    assert second.counts == reference.counts


def test_queries_end_a_refereed_search():
    assert len(run(RefereedLearning(NASBench201Space(), queries=30, **DUELS))) == 30


def test_groups_of_a_refereed_search_are_numbered_without_gaps():
    strategy, numbers = RefereedLearning(NASBench201Space(), **DUELS, confidence=0.7), []
    while not strategy.done:
        group = strategy.ask()
        numbers.append((group.generation, group.index, group.groups_in_generation))
        strategy.tell(group, [loss_of(candidate.architecture) for candidate in group.candidates])
    assert numbers == [(n // 4, n % 4, 4) for n in range(len(numbers))]


@pytest.mark.parametrize("slope", [0.5, 3.0])
def test_calibration_finds_how_far_margins_can_be_trusted(slope):
    rng, calibration = np.random.default_rng(0), Calibration()
    for margin in rng.normal(0, 3, 200):
        calibration.add(margin, rng.random() < 1 / (1 + np.exp(-margin / slope)), 1.0)
    assert calibration.temperature() == pytest.approx(slope, rel=0.4)


def test_a_referee_that_is_often_wrong_does_not_speak():
    referee = Referee(ReNAS(NASBench201Space(), **COUNTS).encoding, ReNAS(NASBench201Space(), **COUNTS).config, 0)
    rng = np.random.default_rng(0)
    for margin in rng.normal(0, 3, 60):
        referee.calibration.add(margin, bool(rng.random() < 0.5), 1.0)
    assert not referee.sure(8.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"confidence": 0.5}, "confidence of the referee is 0.5"),
        ({"audit": 1.5}, "audit"),
        ({"warmup": 0}, "warmup"),
        ({"duels": 0}, "duels"),
        ({"population_size": 7}, "population"),
    ],
)
def test_bad_settings_of_the_referee_are_refused(change, words):
    with pytest.raises(UserError, match=words):
        RefereedLearning(NASBench201Space(), **{**DUELS, **change})
