"""What SearchLoop refuses, builds and ignores."""

import pytest
from cifar_files import write_cifar10
from harness import SPACE, STRATEGY, evaluator_config, make_loop

from relnas_mm.errors import UserError
from relnas_mm.search.setup import without_missing_backends

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    return evaluator_config(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"strategy": STRATEGY | {"population": 7}}, "pairs need an even number"),
        ({"strategy": STRATEGY | {"type": "Evolution"}}, "has type 'Evolution'; known are .*SlowFastLearning"),
        ({"strategy": STRATEGY | {"popluation": 8}}, r"does not take \['popluation'\]"),
        ({"strategy": {"population": 8}}, "has type None"),
        ({"space": SPACE | {"rounding": "up"}}, "rounding of CellSpace is 'up'"),
        ({"budget": {"max_flops": 1}}, "max_flops"),
        ({"budget": {"max_params": 10}}, "individuals within the budget"),
        ({"keep": 0}, "keep of the run store is 0"),
    ],
)
def test_bad_configs_are_one_sentence(options, says, evaluator, tmp_path):
    with pytest.raises(UserError, match=says):
        make_loop(tmp_path, evaluator, **options)


def test_a_missing_data_folder(evaluator, tmp_path):
    with pytest.raises(UserError, match="data folder '/nowhere'"):
        make_loop(tmp_path, evaluator | {"data": {"type": "cifar10", "data_root": "/nowhere"}})


def test_bad_nested_settings_name_the_part(evaluator, tmp_path):
    with pytest.raises(UserError, match=r"WeightSetEvaluator .* cannot be built: .*learning_rate"):
        make_loop(tmp_path, evaluator | {"training": {"learning_rate": 1}})


def test_the_budget_reaches_strategy_and_records(evaluator, tmp_path):
    loop = make_loop(tmp_path, evaluator, budget={"max_params": 3_000_000})
    loop.run()
    costs = [line["params"] for line in loop.records.of_type("candidate")]
    assert len(costs) == 8 and max(costs) <= 3_000_000
    assert loop.iter == loop.max_iters == 4


def test_several_processes_are_refused(evaluator, tmp_path):
    with pytest.raises(UserError, match="runs in one"):
        make_loop(tmp_path, evaluator, world_size=2)


def test_back_ends_that_are_not_installed_are_left_out(monkeypatch):
    mmengine = pytest.importorskip("mmengine")
    backends = [{"type": "LocalVisBackend"}, {"type": "TensorboardVisBackend"}]
    config = mmengine.Config({"visualizer": {"vis_backends": backends}})
    monkeypatch.setattr("relnas_mm.search.setup.find_spec", lambda name: None)
    assert [b["type"] for b in without_missing_backends(config).visualizer.vis_backends] == ["LocalVisBackend"]
