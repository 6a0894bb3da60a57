import time
import tracemalloc

import pytest

from relnas_mm.errors import UserError
from relnas_mm.evaluators import TabularEvaluator
from relnas_mm.evaluators.tables import read_columns
from relnas_mm.spaces import NASBench201Space
from relnas_mm.strategies import SlowFastLearning

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


@pytest.mark.data
@pytest.mark.golden
def test_nasbench201_is_read_in_time_and_memory(nasbench201):
    start = time.process_time()
    table = read_columns(nasbench201, ("c10_val200", "c10_test200"))
    assert time.process_time() - start < 0.1 and len(table) == 15625
    tracemalloc.start()
    read_columns(nasbench201, ("c10_val200", "c10_test200"))
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
        losses = [evaluation.loss for evaluation in evaluator.evaluate(group)]
        strategy.tell(group, losses)
        means += losses
    assert sum(means[-20:]) < 0.8 * sum(means[:20])
    assert evaluator.look_up(strategy.best.candidate.architecture).metrics["test_accuracy"] > 92
