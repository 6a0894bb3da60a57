"""The command that measures tables, and searches that use them."""

import json

import pytest
from helpers import run_tool
from helpers.datasets import write_cifar10
from helpers.searches import alone, evaluator_config, make_search, together
from mmengine.config import Config

from relnas_mm.cli import latency, search
from relnas_mm.errors import UserError
from relnas_mm.latency import load_latency_table
from relnas_mm.search.budget import Budget
from relnas_mm.search.setup import pin_latency_table

pytestmark = pytest.mark.unit
CONFIG = """
train_cfg = dict(type="SearchLoop", space=dict(type="CellSpace", init_channels=[4, 6]),
    strategy=dict(type="RandomSearch", queries=2), evaluator=dict(type="SupernetEvaluator"),
    budget=dict(network=dict(num_cells=3, num_classes=0, image_size=[16, 24])))
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "search.py").write_text(CONFIG)
    return tmp_path / "search.py"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "t.json", "--check", "2"], "--check is 2; it must be 0 or at least 3"),
        (["--out", "t.json", "--threads", "0"], "--threads is 0"),
        (["--out", "t.yaml"], "it must end with .json"),
        (
            ["--out", "t.json", "--timings", "x.json", "--runtime", "torch"],
            "--runtime is given, but --timings measures",
        ),
        (["--export", "new", "--threads", "2"], "--threads is given, but --export measures nothing here"),
        (["--export", "new", "--timings", "x.json"], "a table from timings needs --out"),
        (["--export", "."], "which is not empty"),
    ],
)
def test_arguments_that_contradict_are_refused(config, monkeypatch, arguments, message):
    monkeypatch.chdir(config.parent)
    with pytest.raises(UserError, match=message):
        latency.check(latency.parser().parse_args([str(config), *arguments]))


def test_a_config_without_budget_is_refused():
    with pytest.raises(UserError, match="is not the config of a search with a budget"):
        latency.plan_of(Config({"train_cfg": {"type": "SearchLoop", "space": {}}}), "a.py", 0, 0)
    with pytest.raises(UserError, match="is not the config of a search with a budget"):
        latency.plan_of(Config({"model": {}}), "a.py", 0, 0)


@pytest.mark.e2e
def test_the_command_writes_a_table(config):
    out = config.parent / "table.json"
    done = run_tool("tools/latency.py", config, "--out", out, "--check", "3")
    assert done.returncode == 0, done.stderr
    assert "3 random networks: mean error" in done.stdout and str(out) in done.stdout
    table = load_latency_table(out)
    assert {block.in_channels for block in table.blocks if block.name == "sep_conv_5x5"} >= {4, 6}
    assert "tools/latency.py" in table.provenance["command"]


@pytest.fixture
def limited(tmp_path, config):
    """Settings of a search within a limit, from a table in which the n-th block takes n ms."""
    plan = latency.plan_of(Config.fromfile(config), "search.py", 0, 0)
    blocks = {block: float(number) for number, block in enumerate(plan.blocks, start=1)}
    latency.LatencyTable("torch", "a device", 1, blocks).save(tmp_path / "table.json")
    network = {"num_cells": 3, "num_classes": 0, "image_size": [16, 24]}
    space = {"type": "CellSpace", "init_channels": [4, 6]}
    budget = Budget(network, latency_table=tmp_path / "table.json")
    costs = sorted(budget.costs(architecture)["latency"] for architecture in plan.networks)
    limit = costs[len(costs) // 2]
    options = {"network": network, "latency_table": str(tmp_path / "table.json"), "max_latency": limit}
    return {"space": space, "budget": options}


def test_a_search_within_a_limit_is_the_same_in_two_processes(tmp_path, limited):
    evaluator = evaluator_config(write_cifar10(tmp_path / "cifar", 4))
    one = alone(tmp_path / "one", evaluator, **limited)
    assert together(tmp_path / "two", evaluator, 2, **limited) == one
    assert one["genotype"]["meta"]["latency_device"] == "torch on a device, 1 thread"
    found = [line["latency"] for line in one["records"] if line["type"] == "candidate"]
    assert found and all(each <= limited["budget"]["max_latency"] for each in found)


def test_a_search_minimizes_predicted_latency(tmp_path, limited):
    evaluator = evaluator_config(write_cifar10(tmp_path / "cifar", 4))
    del limited["budget"]["max_latency"]
    records = alone(tmp_path / "one", evaluator, objectives=["latency"], **limited)["records"]
    assert all(line["latency"] > 0 for line in records if line["type"] == "candidate")


def test_a_limit_that_nothing_meets_ends_the_search(tmp_path, limited):
    evaluator = evaluator_config(write_cifar10(tmp_path / "cifar", 4))
    limited["budget"]["max_latency"] = 1.0
    with pytest.raises(UserError, match=r"found no|no architecture|within the budget"):
        make_search(tmp_path / "none", evaluator, **limited).run()


def test_the_table_is_part_of_the_identity_of_a_run(tmp_path, limited):
    config = Config({"train_cfg": {"budget": limited["budget"]}})
    pin_latency_table(config)
    assert len(config.train_cfg.budget.latency_table_sha256) == 64
    Budget(**config.train_cfg.budget.to_dict())
    path = tmp_path / "table.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "scale": 2.0}))
    with pytest.raises(UserError, match="has changed since the search began"):
        Budget(**config.train_cfg.budget.to_dict())


def test_ray_and_the_settings_of_its_cluster_belong_together():
    loop = {"type": "SearchLoop", "cluster": {"workers": 3}}
    with pytest.raises(UserError, match="train_cfg.cluster is {'workers': 3}, which needs --launcher ray"):
        search.use_ray(Config({"train_cfg": loop}), False)
    with pytest.raises(UserError, match="spreads the candidates of a SearchLoop; this is 'DartsLoop'"):
        search.use_ray(Config({"train_cfg": {"type": "DartsLoop"}}), True)
    config = Config({"train_cfg": {"type": "SearchLoop"}})
    search.use_ray(config, True)
    assert config.train_cfg.cluster == {}
