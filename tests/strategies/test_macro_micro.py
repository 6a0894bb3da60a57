"""The global search: the authors' ten logged searches step by step, and what else may happen in its four stages."""

import csv
import itertools

import numpy as np
import pytest

from relnas_mm.architectures import CHAINS
from relnas_mm.errors import UserError
from relnas_mm.networks.chain_plan import CHAIN_OPERATIONS
from relnas_mm.spaces import CellSpace, MacroMicroSpace
from relnas_mm.strategies import MacroMicroSearch, Strategy

CLASSES = {"CIFAR10": 10, "CIFAR100": 100, "EMNIST": 47, "FashionMNIST": 10, "KMNIST": 10}
STAGE = {"depth": "depth", "width": "width", "ops": "operations", "kernels": "kernels"}


def logged_runs(data_root):
    with (data_root / "tabular" / "Efficient-Macro-Micro-NAS" / "search_traces.csv").open() as file:
        return [list(rows) for _, rows in itertools.groupby(csv.DictReader(file), key=lambda row: row["run"])]


def asked(group):
    """What is to be trained, as a row of the logs has it."""
    (candidate,) = group.candidates
    chain = candidate.architecture
    operations = "".join(str(CHAIN_OPERATIONS.index(operation)) for operation, _ in chain.layers)
    kernels = "".join(str(kernel) for _, kernel in chain.layers)
    return group.stage, chain.depth, chain.width, candidate.epochs, operations, kernels


@pytest.mark.golden
@pytest.mark.data
@pytest.mark.parametrize("number", range(10))
def test_a_logged_search_is_walked_candidate_by_candidate(data_root, number):
    rows = logged_runs(data_root)[number]
    dataset, width = rows[0]["dataset"], int(rows[0]["max_width"])
    space = MacroMicroSpace(max_width=width, in_channels=3 if "CIFAR" in dataset else 1, num_classes=CLASSES[dataset])
    search = MacroMicroSearch(space, objectives=2)
    for row in rows:
        group = search.ask()
        expected = (STAGE[row["phase"]], int(row["depth"]), int(row["width"]), int(row["epochs"]))
        assert asked(group) == (*expected, row["ops"], row["kernels"])
        search.tell(group, [[100 - float(row["best_val_acc"]), 100 - float(row["best_train_acc"])]])
    assert search.done and search.total_groups == len(rows) and search.work_left == 0
    winner = search.best.candidate.architecture
    published = CHAINS[f"macro_micro_{dataset.lower()}_{'t' if width == 64 else 'm'}"]
    if (dataset, width) == ("CIFAR10", 128):  # the final training left out the 5x5 kernel that was found
        published = published.with_layer(10, kernel=5)
    assert winner == published


SMALL = dict(min_depth=3, max_depth=8, min_width=4, max_width=12)


def walk(accuracy, limit=200, **options):
    """Searches with made-up accuracies; gives the strategy and everything that it asked for."""
    space = MacroMicroSpace(**{**SMALL, **options.pop("space", {})})
    search, groups = MacroMicroSearch(space, **options), []
    while not search.done and len(groups) < limit:
        groups.append(search.ask())
        search.tell(groups[-1], [100 - accuracy(groups[-1])])
    return search, groups


def of_stage(groups, stage):
    return [group.candidates[0] for group in groups if group.stage == stage]


@pytest.mark.unit
def test_depth_stops_at_the_third_failure_and_epochs_go_on():
    search, groups = walk(lambda group: 50 - 5 * abs(group.candidates[0].architecture.depth - 4))
    assert isinstance(search, Strategy)
    depths = of_stage(groups, "depth")
    assert [candidate.architecture.depth for candidate in depths] == [3, 4, 5, 6, 7]
    assert [candidate.epochs for candidate in depths] == [10, 11, 12, 13, 14]
    widths = of_stage(groups, "width")
    assert [candidate.architecture.width for candidate in widths] == [10, 8, 6, 4]  # no change counts as better
    assert [candidate.epochs for candidate in widths] == [16, 18, 20, 22]
    assert {candidate.epochs for candidate in of_stage(groups, "operations")} == {2}
    assert search.best.candidate.architecture.depth == 4 and search.best.candidate.architecture.width == 4


@pytest.mark.unit
def test_small_losses_of_depth_are_no_failures():
    _, groups = walk(lambda group: 50 - 0.01 * group.candidates[0].architecture.depth)
    assert len(of_stage(groups, "depth")) == 6  # up to max_depth
    _, groups = walk(lambda group: 99.95)
    assert len(of_stage(groups, "depth")) == 1  # saturated


@pytest.mark.unit
def test_micro_candidates_have_equal_parameters_and_the_winner_the_macro_width():
    rules = dict(slack=100)
    better = lambda group: 50 + sum(o == "conv" for o, _ in group.candidates[0].architecture.layers)  # noqa: E731
    for final_width in ("macro", "narrowed"):
        search, groups = walk(better, rules=rules, final_width=final_width, space=dict(min_width=12))
        space, micro = search.space, of_stage(groups, "operations")
        limit = space.parameters(micro[0].architecture) + 100
        for candidate in micro[1:]:
            chain = candidate.architecture
            assert space.parameters(chain) <= limit < space.parameters(chain.with_width(chain.width + 1))
        winner = search.best.candidate.architecture
        assert {operation for operation, _ in winner.layers} == {"conv"}
        assert (winner.width == 12) == (final_width == "macro")


@pytest.mark.unit
def test_max_params_bounds_every_candidate():
    space = dict(max_params=3_000)
    search, groups = walk(lambda group: 50 + group.candidates[0].architecture.depth, space=space)
    assert all(search.space.allows(group.candidates[0].architecture) for group in groups)
    assert search.space.allows(search.best.candidate.architecture)


@pytest.mark.unit
@pytest.mark.parametrize("repeats", [1, 4])
def test_a_resumed_search_goes_on_as_it_would_have(repeats):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, 500)
    accuracy = lambda group: 50 + group.candidates[0].architecture.depth + noise[group.generation]  # noqa: E731
    options = {"rules": dict(repeats=repeats)}
    _, whole = walk(accuracy, **options)
    for stop in range(1, len(whole), 4):
        search, _ = walk(accuracy, stop, **options)
        other = MacroMicroSearch(search.space, **options)
        other.load_state_dict(search.state_dict())
        assert asked(other.ask()) == asked(whole[stop]) and other.ask().progress == whole[stop].progress
    with pytest.raises(UserError, match="holds 200 losses; this search asks for fewer"):
        other.load_state_dict({"losses": np.full((200, 1), 50.0)})


@pytest.mark.unit
def test_repeated_decisions_want_significance():
    def accuracy(group):
        chain = group.candidates[0].architecture
        return 50 + 5 * (chain.layers[1][0] == "conv") + 0.1 * np.sin(7 * group.generation)

    search, groups = walk(accuracy, rules=dict(repeats=4))
    assert [o for o, _ in search.best.candidate.architecture.layers] == [
        "conv" if place == 1 else "sep_conv" for place in range(search.best.candidate.architecture.depth)
    ]
    _, once = walk(accuracy)
    assert len(groups) > len(once)


@pytest.mark.unit
def test_what_diverged_is_not_kept():
    search, _ = walk(lambda group: float("nan"), limit=60)
    assert search.best is None
    search, _ = walk(lambda group: float("nan") if group.candidates[0].architecture.depth > 4 else 50.0)
    assert search.best.candidate.architecture.depth <= 4


@pytest.mark.unit
@pytest.mark.parametrize(
    "options, message",
    [
        (dict(final_width="wide"), "final_width is 'wide'"),
        (dict(objectives=3), "has 3 objectives"),
        (dict(rules=dict(patience=-1)), "patience of the global search is -1"),
        (dict(rules=dict(first_epochs=0)), "first_epochs of the global search is 0"),
        (dict(rules=dict(repeats=2)), "repeats of the global search is 2; .* nothing is significant below 3"),
        (dict(rules=dict(level=0)), "level of the global search is 0"),
    ],
)
def test_bad_settings_are_named(options, message):
    with pytest.raises(UserError, match=message):
        MacroMicroSearch(MacroMicroSpace(**SMALL), **options)
    with pytest.raises(UserError, match="searches a MacroMicroSpace, not a CellSpace"):
        MacroMicroSearch(CellSpace())


@pytest.mark.unit
def test_telling_something_else_is_refused():
    search = MacroMicroSearch(MacroMicroSpace(**SMALL))
    group = search.ask()
    with pytest.raises(UserError, match="2 losses were told"):
        search.tell(group, [1.0, 2.0])
    search.tell(group, [50.0])
    with pytest.raises(UserError, match="one for the candidate that was asked for last"):
        search.tell(group, [50.0])
