import tracemalloc

import numpy as np
import pytest

from relnas_mm.architectures import BenchmarkArchitecture
from relnas_mm.errors import UserError
from relnas_mm.evaluators import TabularEvaluator
from relnas_mm.evaluators.tabular.tables import read_columns
from relnas_mm.spaces import NASBench201Space
from relnas_mm.spaces.transnasbench101 import TASKS
from relnas_mm.strategies import Candidate, Group, SlowFastLearning

TABLE = "index,arch_str,c10_val200,c10_test200\n0,|a|,81.9,85.5\n1,|b|,90.0,93.66\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return path


@pytest.fixture(scope="module")
def nasbench201(data_root):
    return data_root / "tabular" / "combined" / "nasbench201_full.csv"


@pytest.mark.unit
def test_look_up(table):
    evaluator = TabularEvaluator(table)
    assert evaluator.look_up("|b|").loss == 10.0
    assert evaluator.look_up("|b|").metrics == {"accuracy": 90.0, "test_accuracy": 93.66}
    assert TabularEvaluator(table, report=None).look_up("|a|").metrics == {"accuracy": 81.9}
    with pytest.raises(UserError, match=r"'\|c\|' is not in the table"):
        evaluator.look_up("|c|")


@pytest.mark.unit
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TABLE.replace("81.9", "high"), "line 2 of the table"),
        (TABLE + "2,|c|", "line 4 of the table"),
        ("", "no column 'arch_str'"),
        (TABLE.replace("c10_test200", "x"), "no column 'c10_test200'"),
    ],
)
def test_a_damaged_table(table, text, says):
    table.write_text(text)
    with pytest.raises(UserError, match=says):
        TabularEvaluator(table)


@pytest.mark.unit
def test_a_missing_table(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_columns(tmp_path / "none.csv", ("a",))


MACRO = '{"01": {"test_acc": [90.0, 91.0], "mean_acc": 90.5}, "10": {"test_acc": [80.0, 82.0], "mean_acc": 81.0}}'


@pytest.mark.unit
def test_a_json_table(tmp_path):
    path = tmp_path / "table.json"
    path.write_text(MACRO)
    evaluator = TabularEvaluator(path, objective="test_acc.1", report="mean_acc")
    assert evaluator.look_up("10").metrics == {"accuracy": 82.0, "test_accuracy": 81.0}
    with pytest.raises(UserError, match=r"no column 'test_acc.2'; it has test_acc, mean_acc, test_acc.0, test_acc.1"):
        TabularEvaluator(path, objective="test_acc.2", report=None)
    path.write_text(MACRO.replace('"mean_acc": 81.0', '"mean": 81.0'))
    with pytest.raises(UserError, match="the entry '10' of the table"):
        TabularEvaluator(path, objective="mean_acc", report=None)
    for text in ("[]", "{}", "{", '{"01": 3}'):
        path.write_text(text)
        with pytest.raises(UserError, match="is not JSON of the form"):
            TabularEvaluator(path, objective="mean_acc", report=None)


@pytest.mark.unit
def test_quoted_names_and_scores_that_are_no_percentages(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('arch,room_layout\n"(1, 2)",-0.6\n"(2, 1)",-0.7\n')
    evaluator = TabularEvaluator(path, "room_layout", None, key="arch", perfect=0.0)
    assert evaluator.look_up("(1, 2)").loss == 0.6 < evaluator.look_up("(2, 1)").loss


def one(architecture, number=0, generation=0):
    return Group(generation, 0, 1, 0.0, (Candidate(number, np.zeros(1), BenchmarkArchitecture(architecture)),))


@pytest.mark.unit
def test_noise_is_drawn_by_address(table):
    evaluator = TabularEvaluator(table, noise=2.0, seed=3)
    draws = [evaluator.evaluate([one("|b|", n, g)])[0][0] for g in range(20) for n in range(20)]
    errors = np.array([draw.loss for draw in draws]) - 10.0
    assert abs(errors.mean()) < 0.3 and 1.8 < errors.std() < 2.2 and len(set(errors)) == 400
    assert draws[5] == TabularEvaluator(table, noise=2.0, seed=3).evaluate([one("|b|", 5, 0)])[0][0]
    assert draws[0].metrics["test_accuracy"] == 93.66  # what is reported stays as it is
    assert draws[0].metrics["accuracy"] == pytest.approx(100 - draws[0].loss)
    with pytest.raises(UserError, match=r"noise of TabularEvaluator is -1\.0"):
        TabularEvaluator(table, noise=-1.0)


@pytest.mark.unit
def test_latency_is_joined_by_index(table, tmp_path):
    latency = tmp_path / "latency.csv"
    latency.write_text("index,fpga\n1,7.5\n0,3.25\n")
    evaluator = TabularEvaluator(table, latency={"table": str(latency), "column": "fpga"})
    assert evaluator.look_up("|a|").metrics["latency"] == 3.25 and evaluator.look_up("|b|").metrics["latency"] == 7.5
    with pytest.raises(UserError, match="no column 'tpu'; it has index, fpga"):
        TabularEvaluator(table, latency={"table": str(latency), "column": "tpu"})
    latency.write_text("index,fpga\n0,3.25\n")
    with pytest.raises(UserError, match=r"'\|b\|' is not in the table"):
        TabularEvaluator(table, latency={"table": str(latency), "column": "fpga"})


@pytest.mark.data
@pytest.mark.golden
def test_best_figures_of_the_other_benchmarks(data_root):
    folder = data_root / "tabular"
    macro = read_columns(folder / "NAS-Bench-Macro" / "nas-bench-macro_cifar10.json", ("mean_acc", "params"), "")
    assert max(row[0] for row in macro.values()) == pytest.approx(93.13, abs=0.01)
    trans = read_columns(folder / "combined" / "transnasbench101_micro_val.csv", TASKS, "arch")
    best = np.array(list(trans.values())).max(axis=0)
    assert best == pytest.approx([0.577231, 45.586185, 54.936306, 95.372215, 0.587287, -0.600999, 94.612518])


@pytest.mark.data
@pytest.mark.golden
def test_nasbench201_is_read_whole_and_in_little_memory(nasbench201):
    tracemalloc.start()
    table = read_columns(nasbench201, ("c10_val200", "c10_test200"))
    assert len(table) == 15625
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()
    assert max(row[1] for row in table.values()) == pytest.approx(94.373, abs=1e-3)


@pytest.mark.data
def test_relativenas_beats_its_first_generation_on_nasbench201(nasbench201):
    evaluator = TabularEvaluator(nasbench201)
    means = []
    strategy = SlowFastLearning(NASBench201Space(), 20, 30)
    while not strategy.done:
        group = strategy.ask()
        losses = [evaluation.loss for evaluation in evaluator.evaluate([group])[0]]
        strategy.tell(group, losses)
        means += losses
    assert sum(means[-20:]) < 0.8 * sum(means[:20])
    assert evaluator.look_up(strategy.best.candidate.architecture).metrics["test_accuracy"] > 92
