"""Random search, regularized evolution and local search: what they propose, refuse, and how they continue."""

import copy

import numpy as np
import pytest
from helpers.strategies import run_strategy
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.errors import UserError
from relnas_mm.spaces import (
    CellSpace,
    NASBench201Space,
    NASBenchMacroSpace,
    TransNASMacroSpace,
    TransNASMicroSpace,
)
from relnas_mm.strategies import (
    BANANAS,
    NPENAS,
    BayesianSlowFastLearning,
    LocalSearch,
    RandomSearch,
    RegularizedEvolution,
    Strategy,
)
from relnas_mm.strategies.mutation import mutate, neighbours

pytestmark = pytest.mark.unit
SPACES = [CellSpace(), NASBench201Space(), NASBenchMacroSpace(), TransNASMicroSpace(), TransNASMacroSpace()]
spaces = st.sampled_from(SPACES)
QUICK = {"base": "improved", "epochs": 2, "members": 2, "hidden": 4}
MAKERS = {
    "random": lambda space, **kw: RandomSearch(space, kw.pop("queries", 30), generation_size=7, **kw),
    "evolution": lambda space, **kw: RegularizedEvolution(space, kw.pop("queries", 30), 8, 3, generation_size=7, **kw),
    "bayesian": lambda space, **kw: BayesianSlowFastLearning(
        space, kw.pop("queries", 30), samples=8, population_size=5, proposals=12, batch=4, generation_size=7, **kw
    ),
    "bananas": lambda space, **kw: BANANAS(
        space, kw.pop("queries", 30), samples=8, proposals=12, batch=4, generation_size=7, predictor=QUICK, **kw
    ),
    "npenas": lambda space, **kw: NPENAS(
        space, kw.pop("queries", 30), samples=8, proposals=12, batch=4, generation_size=7, predictor=QUICK, **kw
    ),
    "local": lambda space, **kw: LocalSearch(space, kw.pop("queries", 30), generation_size=7, **kw),
}
makers = st.sampled_from(sorted(MAKERS))


def bowl(candidate):
    """Lowest where every value is 0.7."""
    return float(np.square(candidate.vector - 0.7).sum())


@given(spaces, st.integers(0, 2**32), st.none() | st.floats(0, 1))
def test_a_mutation_changes_one_choice_and_stays_in_the_space(space, seed, edge_rate):
    rng = np.random.default_rng(seed)
    vector = space.sample(rng, 1)[0]
    before = vector.copy()
    child = mutate(vector, space, rng, edge_rate)
    assert (vector == before).all()
    assert (child >= 0).all() and (child <= space.upper).all()
    changed = space.indices(child) != space.indices(vector)
    assert changed.sum() == 1
    space.decode(child)  # would refuse what is no architecture
    if edge_rate in (0.0, 1.0) and space.is_input_choice.any():
        assert space.is_input_choice[changed].all() == bool(edge_rate)


@pytest.mark.parametrize("edge_rate", [None, 0.1, 0.9])
def test_mutations_of_operations_and_edges_have_their_share(edge_rate):
    space, rng = CellSpace(), np.random.default_rng(0)
    vector = space.sample(rng, 1)[0]
    places = [np.flatnonzero(mutate(vector, space, rng, edge_rate) != vector)[0] for _ in range(2000)]
    assert space.is_input_choice[places].mean() == pytest.approx(0.5 if edge_rate is None else edge_rate, abs=0.04)
    assert len(set(places)) == 32


@given(spaces, st.integers(0, 2**32))
@settings(max_examples=30)
def test_neighbours_are_all_that_one_choice_makes(space, seed):
    vector = space.sample(np.random.default_rng(seed), 1)[0]
    found = [space.indices(neighbour) for neighbour in neighbours(vector, space)]
    assert len({tuple(indices) for indices in found}) == len(found) == (space.upper - 1).sum()
    assert all((indices != space.indices(vector)).sum() == 1 for indices in found)


@given(makers, spaces, st.integers(0, 2**32), st.integers(0, 29))
@settings(deadline=None, max_examples=60)
def test_the_seed_decides_and_a_state_continues_exactly(maker, space, seed, stop):
    whole, first, second = (MAKERS[maker](space, seed=seed) for _ in range(3))
    assert isinstance(whole, Strategy)
    expected = run_strategy(whole, bowl)
    assert len(expected) == whole.total_groups == 30
    log = run_strategy(first, bowl, until=stop)
    first.ask()  # asking is no part of the state
    state = copy.deepcopy(first.state_dict())
    run_strategy(first, bowl)
    second.load_state_dict(state)
    assert log + run_strategy(second, bowl) == expected
    assert second.best.loss == whole.best.loss == min(loss for told in expected for loss in told.losses)


@pytest.mark.parametrize("maker", MAKERS)
def test_other_seeds_propose_others(maker):
    logs = [run_strategy(MAKERS[maker](CellSpace(), seed=seed), bowl) for seed in (0, 1)]
    assert logs[0] != logs[1]


@pytest.mark.parametrize("maker", MAKERS)
def test_generations_are_counted_out(maker):
    log = run_strategy(MAKERS[maker](CellSpace()), bowl)
    placed = [(*told.place, *told.numbers) for told in log]
    assert placed[:8] == [(0, i, 7, i) for i in range(7)] + [(1, 0, 7, 0)]
    assert placed[-1] == (4, 1, 2, 1)  # the last generation holds what is left


def test_a_parent_is_the_best_of_a_sample_of_the_youngest():
    space = NASBench201Space()
    strategy = RegularizedEvolution(space, 60, population_size=10, tournament_size=10)
    losses = iter([0.0] + [1.0] * 9 + [2.0] * 50)  # nobody is ever as good as the first, who dies of age
    history = []
    while not strategy.done:
        group = strategy.ask()
        child = group.candidates[0].vector
        if len(history) >= 10:
            alive = history[-10:]
            distance = [int((space.indices(child) != space.indices(vector)).sum()) for _, vector in alive]
            best = min(loss for loss, _ in alive)
            assert any(loss == best and d == 1 for (loss, _), d in zip(alive, distance))
            if len(history) == 10:
                assert distance[0] == 1
        loss = next(losses)
        strategy.tell(group, [loss])
        history.append((loss, child))


def test_a_child_is_another_network_even_where_choices_do_not_matter():
    space = TransNASMacroSpace()
    strategy = RegularizedEvolution(space, 200, population_size=2, tournament_size=2)
    previous = []
    while not strategy.done:
        group = strategy.ask()
        if len(previous) >= 2:
            assert group.candidates[0].architecture != previous[-2]  # the better one of the two is its parent
        previous.append(group.candidates[0].architecture)
        strategy.tell(group, [float(len(previous) % 2 == 0)] if len(previous) < 3 else [float(len(previous))])


@pytest.mark.parametrize("maker", ["evolution", "local"])
def test_they_learn_more_than_random_search(maker):
    def reached(name):
        strategies = [MAKERS[name](CellSpace(), queries=300, seed=seed) for seed in range(5)]
        for strategy in strategies:
            run_strategy(strategy, bowl)
        return np.mean([strategy.best.loss for strategy in strategies])

    assert reached(maker) < 0.6 * reached("random")


def test_local_search_moves_only_downhill_and_never_scores_twice():
    strategy = LocalSearch(NASBenchMacroSpace(), 400)
    log = run_strategy(strategy, loss=lambda c: float(len(set(c.architecture))))
    codes = [told.architectures[0] for told in log]
    assert len(set(codes)) == 400


def test_local_search_goes_on_when_everything_is_known():
    class Two:
        upper, edges = np.array([2.0]), np.array([False])

        def sample(self, rng, n):
            return rng.random((n, 1)) * 2

        def indices(self, vectors):
            return np.maximum(np.ceil(vectors).astype(int) - 1, 0)

        def decode(self, vector):
            return int(self.indices(vector)[0])

    assert len(run_strategy(LocalSearch(Two(), 9, max_attempts=4), bowl)) == 9


@pytest.mark.parametrize("maker", MAKERS)
def test_a_budget_holds_for_everybody_proposed(maker):
    def few(code):
        return code.count("2") <= 2

    strategy = MAKERS[maker](NASBenchMacroSpace(), feasible=few)
    while not strategy.done:
        group = strategy.ask()
        assert few(group.candidates[0].architecture)
        strategy.tell(group, [bowl(group.candidates[0])])
    nothing = MAKERS[maker](NASBenchMacroSpace(), feasible=lambda code: False, max_attempts=3)
    with pytest.raises(UserError, match="in 3 attempts .* found no architecture within the budget"):
        nothing.ask()


@pytest.mark.parametrize("maker", MAKERS)
def test_diverged_candidates_never_win(maker):
    strategy = MAKERS[maker](CellSpace())
    run_strategy(strategy, loss=lambda c: float("nan") if c.number % 2 else bowl(c))
    assert np.isfinite(strategy.best.loss) and len(strategy.ranking()) < 30


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("queries", [0, -3])
def test_a_budget_of_nothing_is_refused(maker, queries):
    with pytest.raises(UserError, match=f"queries of .* is {queries}; it must be at least 1"):
        MAKERS[maker](CellSpace(), queries=queries)


def test_bad_arguments_and_foreign_groups():
    for population, tournament in ((3, 4), (0, 0), (5, 0)):
        with pytest.raises(UserError, match=f"population_size of RegularizedEvolution is {population}"):
            RegularizedEvolution(CellSpace(), 10, population, tournament)
    with pytest.raises(UserError, match=r"edge_rate is 1\.5"):
        RegularizedEvolution(CellSpace(), 10, edge_rate=1.5)
    with pytest.raises(UserError, match="objectives of LocalSearch is 2"):
        LocalSearch(CellSpace(), 10, objectives=2)
    strategy = RandomSearch(CellSpace(), 2)
    group = strategy.ask()
    with pytest.raises(UserError, match="2 losses were told for candidate 0 of generation 0"):
        strategy.tell(group, [1.0, 2.0])
    strategy.tell(group, [1.0])
    with pytest.raises(UserError, match="asked for last"):
        strategy.tell(group, [1.0])
    strategy.tell(strategy.ask(), [1.0])
    with pytest.raises(UserError, match="done after 2 queries"):
        strategy.ask()
