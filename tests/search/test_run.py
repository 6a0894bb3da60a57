"""What a search refuses, builds and ignores."""

import itertools
import json

import numpy as np
import pytest
from helpers import write_cifar10
from helpers.searches import SPACE, STRATEGY, evaluator_config, make_search, outcome

from relnas_mm.errors import UserError
from relnas_mm.spaces import NASBench201Space

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    return evaluator_config(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"strategy": STRATEGY | {"population_size": 7}}, "pairs need an even number"),
        ({"strategy": STRATEGY | {"type": "Evolution"}}, "has type 'Evolution'; known are .*SlowFastLearning"),
        ({"strategy": STRATEGY | {"popluation": 8}}, r"does not take \['popluation'\]"),
        ({"strategy": {"population_size": 8}}, "has type None"),
        ({"space": SPACE | {"rounding": "up"}}, "rounding of CellSpace is 'up'"),
        ({"budget": {"max_flops": 1}}, "max_flops"),
        ({"budget": {"max_params": 10}}, "individuals within the budget"),
        ({"keep": 0}, "keep of the run store is 0"),
    ],
)
def test_bad_configs_are_one_sentence(options, says, evaluator, tmp_path):
    with pytest.raises(UserError, match=says):
        make_search(tmp_path, evaluator, **options)


def test_a_missing_data_folder(evaluator, tmp_path):
    with pytest.raises(UserError, match="data folder '/nowhere'"):
        make_search(tmp_path, evaluator | {"data": {"type": "cifar10", "data_root": "/nowhere"}})


def test_bad_nested_settings_name_the_part(evaluator, tmp_path):
    with pytest.raises(UserError, match=r"SupernetEvaluator .* cannot be built: .*learning_rate"):
        make_search(tmp_path, evaluator | {"training": {"learning_rate": 1}})


def test_the_budget_reaches_strategy_and_records(evaluator, tmp_path):
    search = make_search(tmp_path, evaluator, budget={"max_params": 3_000_000})
    search.run()
    costs = [line["params"] for line in search.store.records.of_type("candidate")]
    assert len(costs) == 8 and max(costs) <= 3_000_000
    assert search.progress.done == search.progress.total == 4


def tabular(tmp_path):
    """A table of NAS-Bench-201's shape whose convolutions help and cost."""
    names = [NASBench201Space().decode(np.array(c) + 0.5) for c in itertools.product(range(5), repeat=6)]
    rows = [(name, 50 + 8 * name.count("3x3") - name.count("none"), name.count("conv")) for name in names]
    table, latency = tmp_path / "table.csv", tmp_path / "latency.csv"
    table.write_text("index,arch_str,val\n" + "".join(f"{i},{name},{v}\n" for i, (name, v, _) in enumerate(rows)))
    latency.write_text("index,fpga\n" + "".join(f"{i},{ms}\n" for i, (*_, ms) in enumerate(rows)))
    return {
        "type": "TabularEvaluator",
        "table": str(table),
        "objective": "val",
        "report": None,
        "latency": {"table": str(latency), "column": "fpga"},
    }


@pytest.mark.parametrize(
    "strategy",
    [
        {"type": "SlowFastLearning", "population_size": 8, "generations": 6},
        {"type": "RegularizedEvolution", "queries": 60, "population_size": 12, "tournament_size": 4},
        {"type": "RandomSearch", "queries": 60},
    ],
)
def test_latency_is_a_second_objective_of_every_population(strategy, tmp_path):
    options = {"space": {"type": "NASBench201Space"}, "strategy": strategy, "objectives": ("latency",)}
    search = make_search(tmp_path / "work", tabular(tmp_path), **options, save_every=60.0, overview=True)
    search.run()
    front = json.loads((tmp_path / "work" / "pareto.json").read_text())["latency"]
    assert [line["latency"] for line in front] == sorted(line["latency"] for line in front)
    assert (tmp_path / "work" / "pareto.png").exists() and (tmp_path / "work" / "architecture.json").exists()
    assert search.strategy.state_dict()["losses"].shape[-1] == 2


def test_objectives_that_cannot_be(evaluator, tmp_path):
    options = {"space": {"type": "NASBench201Space"}, "objectives": ("energy",)}
    search = make_search(tmp_path / "work", tabular(tmp_path), **options)
    with pytest.raises(UserError, match="the objective 'energy' is neither .* accuracy, latency"):
        search.run()
    local = {"type": "LocalSearch", "queries": 10}
    with pytest.raises(UserError, match="objectives of LocalSearch is 2"):
        make_search(tmp_path / "local", tabular(tmp_path), **options, strategy=local)


def test_gradients_of_a_table_are_refused(tmp_path):
    options = {"space": {"type": "NASBench201Space"}, "strategy": {"type": "DARTS"}}
    with pytest.raises(UserError, match="'DARTS' needs gradients, which TabularEvaluator does not provide"):
        make_search(tmp_path / "work", tabular(tmp_path), **options)


@pytest.mark.parametrize(
    "strategy",
    [
        {
            "type": "RegularizedEvolution",
            "queries": 6,
            "population_size": 3,
            "tournament_size": 2,
            "generation_size": 3,
        },
        {"type": "LocalSearch", "queries": 6, "generation_size": 3},
    ],
)
def test_baselines_share_weights_and_resume(strategy, evaluator, tmp_path):
    make_search(tmp_path / "whole", evaluator, strategy=strategy).run()
    cut = make_search(tmp_path / "cut", evaluator, strategy=strategy)
    for _ in range(4):
        cut.run_round()
    make_search(tmp_path / "cut", evaluator, strategy=strategy, resume=True).run()
    assert outcome(tmp_path / "cut") == outcome(tmp_path / "whole")
    assert [line["type"] for line in outcome(tmp_path / "cut")["records"]] == (["candidate"] * 3 + ["generation"]) * 2


def test_processes_that_would_measure_different_latencies_are_refused(evaluator, tmp_path, monkeypatch):
    monkeypatch.setattr("relnas_mm.search.builder.world", lambda: (0, 2))
    with pytest.raises(UserError, match="max_latency, which the 2 processes"):
        make_search(tmp_path, evaluator, budget={"max_latency": 5})
