"""Pages show names, paths and values of configs and files as text, whatever they contain.

The report of a pipeline is in tests/pipeline/test_report.py.
"""

import html
import json
from itertools import product

import pytest
from jinja2 import Environment, PackageLoader

from relnas_mm.comparison import report as comparison_report
from relnas_mm.comparison.plan import Plan
from relnas_mm.comparison.run import run_comparison
from relnas_mm.search.replay import write_replay

pytestmark = pytest.mark.unit
EVIL = "<script>alert(1)</script>"
QUOTED = '"><img src=x onerror=alert(1)>'


def test_a_comparison_with_markup_in_its_names(tmp_path):
    rows = (f"{''.join(code)},{i % 97},{i % 89}" for i, code in enumerate(product("012", repeat=8)))
    (tmp_path / "table.csv").write_text("code,val,test\n" + "\n".join(rows) + "\n")
    task = {"type": "TabularEvaluator", "table": str(tmp_path / "table.csv")}
    task |= {"objective": "val", "report": "test", "key": "code"}
    plan = Plan(
        name=EVIL,
        space={"type": "NASBenchMacroSpace"},
        tasks={EVIL: task},
        strategies={EVIL: {"type": "RandomSearch"}, QUOTED: {"type": "RandomSearch"}},
        budget=4,
        seeds=2,
        reference=EVIL,
    )
    records = run_comparison(plan, tmp_path, 1, lambda line: None)
    comparison_report.write_report(plan, records, tmp_path, f"compare {EVIL} {QUOTED}")
    check_page((tmp_path / "report.html").read_text())


def test_a_replay_with_markup_in_its_records(tmp_path):
    candidate = {"generation": 0, "group": 0, "number": 0, "rank": 0, "loss": 1.0, "vector": [0.5, 0.25]}
    evil = {**candidate, "number": 1, "vector": [0.0, 1.0], "architecture": {"name": f"<!--{EVIL}"}}
    write_replay([{"generation": 0, "note": EVIL}], [candidate, evil], tmp_path / "replay.html")
    page = (tmp_path / "replay.html").read_text()
    data = page.split("const DATA = ", 1)[1].split(";\n", 1)[0]
    assert "<" not in data and json.loads(data)["candidates"][1]["architecture"]["name"] == f"<!--{EVIL}"


TEMPLATES = {
    "relnas_mm.comparison": ["report.html.j2"],
    "relnas_mm.pages": ["base.html.j2", "tables.html.j2"],
    "relnas_mm.pipeline": ["report/report.html.j2"],
}


@pytest.mark.parametrize("package", TEMPLATES)
def test_every_template_is_one_that_a_page_uses(package):
    names = Environment(loader=PackageLoader(package, "."), autoescape=True).list_templates(extensions=["j2"])
    assert names == TEMPLATES[package]


def check_page(page: str) -> None:
    assert EVIL not in page and "<img src=x" not in page and html.escape(EVIL) in page
