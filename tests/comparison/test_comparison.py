"""Plans, traces, summaries and reports of comparisons."""

import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from comparison_plan import STRATEGIES, plan_values, write_table
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmengine.config import Config

from relnas_mm.comparison.plan import Plan, Unit, read_plan
from relnas_mm.comparison.report import table_lines, write_report
from relnas_mm.comparison.run import RECORDS_FILE, run_comparison
from relnas_mm.comparison.summary import summarize, values_at
from relnas_mm.comparison.trace import hypervolume, incumbents, run_search
from relnas_mm.comparison.transfer import transfer_matrix
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("tables") / "table.csv")


@pytest.fixture(scope="module")
def latency(table):
    return {"table": str(table.with_name("latency.csv")), "column": "chip"}


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    """A plan, its records and their folder."""
    folder = tmp_path_factory.mktemp("finished")
    plan = Plan(**plan_values(table))
    return plan, run_comparison(plan, folder, 1, lambda line: None), folder


@given(st.lists(st.floats(-9, 9) | st.just(np.nan) | st.just(np.inf), max_size=20))
@settings(deadline=None)
def test_incumbents_improve_and_nothing_between_them_does(losses):
    values = np.array(losses)
    places = incumbents(values)
    assert all(np.isfinite(values[places]))
    for place in range(len(values)):
        better = np.isfinite(values[place]) and not any(values[:place] <= values[place])
        assert (place in places) == better


@given(arrays(float, (6, 2), elements=st.integers(0, 9).map(float)))
def test_hypervolume_counts_the_cells_that_are_dominated(points):
    corner = np.array([8.0, 8.0])
    cells = sum(any(x <= i and y <= j for x, y in points) for i in range(8) for j in range(8))
    assert hypervolume(points, corner) == cells


def test_a_trace_is_the_incumbent_by_queries(finished):
    _, records, _ = finished
    assert len(records) == 12 and all(line["distinct"] <= 40 for line in records)
    for line in records:
        queries = [count for count, _ in line["steps"]]
        assert queries[0] == 1 and queries == sorted(queries) and queries[-1] <= 40
        assert line["value"] == line["steps"][-1][1] == 40 + 5 * line["winner"].count("2")
        assert values_at(line, [40])[0] == line["value"] and values_at(line, [1])[0] == line["steps"][0][1]
    assert np.isnan(values_at({"steps": [[3, 1.0]]}, [2])[0])


def test_workers_and_interruptions_change_nothing(finished, table, tmp_path):
    plan, records, _ = finished

    def timeless(lines):
        return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]

    both = run_comparison(plan, tmp_path, 2, lambda line: None)
    assert timeless(both) == timeless(records)
    path = tmp_path / RECORDS_FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5]) + lines[5][:30])  # killed while it wrote the sixth
    said = []
    again = run_comparison(plan, tmp_path, 1, said.append)
    assert timeless(again) == timeless(records) and said[0] == "5 searches are there already, 7 are left"
    more = run_comparison(Plan(**plan_values(table, seeds=5)), tmp_path, 1, said.append)
    assert len(more) == 15 and timeless([line for line in more if line["seed"] < 4]) == timeless(records)
    with pytest.raises(UserError, match="holds another comparison: budget: 40 -> 20"):
        run_comparison(Plan(**plan_values(table, budget=20)), tmp_path, 1, said.append)
    path.with_name("comparison.json").unlink()
    with pytest.raises(UserError, match=r"holds records.jsonl but no comparison.json"):
        run_comparison(plan, tmp_path, 1, said.append)


def test_summary_says_who_differs(finished):
    plan, records, _ = finished
    summary = summarize(plan, records)
    entry = summary["tasks"]["a"]
    assert entry["optimum"] == 80.0 and summary["budgets"] == [4, 12, 40] and summary["tests"] == 2
    for name, row in entry["strategies"].items():
        values = [line["value"] for line in records if line["strategy"] == name]
        assert row["mean"] == np.mean(values) and row["std"] == pytest.approx(np.std(values, ddof=1))
        assert row["at"][-1] == [row["mean"], pytest.approx(row["std"])]
        assert ("p" in row) == (name != "slow-fast")
    rigged = [line | {"value": float(line["seed"] + 10 * (line["strategy"] == "random"))} for line in records]
    many = [line | {"seed": line["seed"] + 4 * k} for k in range(4) for line in rigged]
    rows = summarize(plan, many)["tasks"]["a"]["strategies"]
    assert rows["random"]["verdict"] == "worse" and rows["evolution"]["verdict"] == "no difference shown"
    assert rows["random"]["difference"][0] == pytest.approx(-10) and rows["random"]["superiority"] == 0.0
    low, high = rows["evolution"]["difference"][1:]
    assert low < 0 < high and rows["evolution"]["superiority"] == 0.5
    one = summarize(Plan(**plan_values("", tasks=plan.tasks, seeds=1)), [r for r in records if r["seed"] == 0])
    assert one["tasks"]["a"]["strategies"]["random"]["std"] is None


def test_strategies_are_tested_at_checkpoints_too(finished, tmp_path):
    plan, records, _ = finished
    plan = replace(plan, checkpoints=(5, 20))
    steps = {"slow-fast": [[1, 50.0], [30, 90.0]], "evolution": [[6, 60.0], [30, 80.0]], "random": [[1, 70.0]]}
    rigged = [
        line | {"steps": steps[line["strategy"]], "value": steps[line["strategy"]][-1][1], "seed": line["seed"] + 4 * k}
        for line in records
        for k in range(4)
    ]
    summary = write_report(plan, rigged, tmp_path, "command")
    rows = summary["tasks"]["a"]["strategies"]
    assert summary["budgets"] == [5, 20, 40] and summary["tests"] == 6
    verdicts = {name: [row["verdict"] for row in rows[name]["earlier"].values()] for name in ("evolution", "random")}
    # evolution has no candidate after five queries, and leads after twenty
    assert verdicts == {"evolution": ["better", "worse"], "random": ["worse", "worse"]}
    assert rows["evolution"]["verdict"] == rows["random"]["verdict"] == "better"
    assert rows["evolution"]["earlier"]["5"]["superiority"] == 1.0
    assert rows["evolution"]["earlier"]["5"]["difference"] is None
    assert rows["random"]["earlier"]["20"]["difference"] == (-20.0, -20.0, -20.0)
    assert "earlier" not in rows["slow-fast"]
    assert (tmp_path / "report.html").read_text().count("▲") > 1


def test_checkpoints_may_change_later(table, tmp_path):
    plan = Plan(**plan_values(table, budget=20, seeds=1))
    records = run_comparison(plan, tmp_path, 1, lambda line: None)
    assert run_comparison(replace(plan, checkpoints=(10,)), tmp_path, 1, lambda line: None) == records


def test_report_needs_nothing_else(finished):
    plan, records, folder = finished
    summary = write_report(plan, records, folder, "python tools/compare.py x.py")
    page = (folder / "report.html").read_text()
    assert not re.search(r"(src|href)=.(?!data:|#content)", page) and "data:image/png;base64" in page
    assert "slow-fast" in page and summary["commit"] in page
    assert json.loads((folder / "summary.json").read_text())["command"] == "python tools/compare.py x.py"
    assert (folder / "anytime.png").read_bytes().startswith(b"\x89PNG")
    lines = table_lines(summary)
    assert lines[0] == "a (40 candidates, 4 seeds, optimum 80.000)" and len(lines) == 5
    # two tests, the smallest p of four against four is 2 / 70
    sentence = "with 4 seeds no difference can be shown: after the correction over 2 tests, p < 0.05 takes at least 5"
    assert lines[-1] == f"{sentence} seeds" and html.escape(sentence[1:]) in page


def test_two_objectives_are_measured_by_their_front(table, latency, tmp_path):
    values = plan_values(table, objectives=("latency",), seeds=2)
    values["tasks"] = {"a": values["tasks"]["a"] | {"latency": latency}}
    plan = Plan(**values)
    records = run_comparison(plan, tmp_path, 1, lambda line: None)
    for line in records:
        shares = [value for _, value in line["steps"]]
        assert shares == sorted(shares) and 0 < shares[-1] <= 100
        costs, losses = np.array(line["front"]).T
        assert (np.diff(costs) > 0).all() and (np.diff(losses) < 0).all()
    summary = write_report(plan, records, tmp_path, "x")
    assert summary["tasks"]["a"]["optimum"] == 100.0 and (tmp_path / "fronts.png").exists()


def test_winners_are_looked_up_on_other_tasks(table, tmp_path):
    other = write_table(tmp_path / "other.csv", best="1")
    values = plan_values(table, transfer=True)
    values["tasks"]["b"] = values["tasks"]["a"] | {"table": str(other)}
    plan = Plan(**values)
    records = run_comparison(plan, tmp_path, 1, lambda line: None)
    matrix = np.array(transfer_matrix(plan, records, "evolution"))
    assert (np.diag(matrix) > 90).all() and matrix[0, 1] < 40 and matrix[1, 0] < 40
    assert len(write_report(plan, records, tmp_path, "x")["transfer"]) == 3
    assert (tmp_path / "transfer.png").exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"budget": 0}, "budget of the comparison 'made up' is 0; it must be at least 1"),
        ({"seeds": -1}, "seeds of the comparison 'made up' is -1"),
        ({"checkpoints": (20, 10)}, r"checkpoints of the comparison 'made up' are \[20, 10\]; they must be increasing"),
        ({"checkpoints": (40,)}, "integers from 1 to 39, below the budget"),
        ({"strategies": {}}, "strategies of the comparison 'made up' is empty"),
        ({"reference": "me"}, "the reference 'me' is none of the strategies; they are 'slow-fast', 'evolution'"),
        ({"objectives": ("a", "b")}, "a comparison takes one beside the loss"),
        ({"space": {"type": "Cube"}}, "type 'Cube'; known are .*NASBenchMacroSpace"),
        ({"strategies": {"d": {"type": "DARTS"}}, "reference": "d"}, "'DARTS' needs gradients, which TabularEval"),
        ({"strategies": {"l": {"type": "LocalSearch"}}, "reference": "l", "objectives": ("latency",)}, "objectives of"),
    ],
)
def test_bad_plans(changes, says, table):
    with pytest.raises(UserError, match=says):
        Plan(**plan_values(table, **changes))


def test_bad_configs(table):
    with pytest.raises(UserError, match=r"'x.py' has no `comparison`"):
        read_plan(Config(dict(a=1)), "x.py")
    values = plan_values(table)
    with pytest.raises(UserError, match=r"does not take \['seed'\]; it takes"):
        read_plan(Config(dict(comparison=values | {"seed": 1})), "x.py")
    del values["budget"]
    with pytest.raises(UserError, match="is incomplete: .*budget"):
        read_plan(Config(dict(comparison=values)), "x.py")


def test_a_strategy_that_ends_early_is_named(table):
    short = {"slow-fast": STRATEGIES["slow-fast"] | {"generations": 9}}
    plan = Plan(**plan_values(table, strategies=short))
    with pytest.raises(UserError, match="'slow-fast' asks for 36 candidates only, but the budget is 40"):
        run_search(plan, Unit(0, "a", "slow-fast"))
