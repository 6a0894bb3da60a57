"""The configs that ship, and searches on real data by way of them."""

import json
import math
import subprocess
import sys

import pytest
from helpers import ROOT
from helpers.searches import make_search

from relnas_mm.architectures import load_genotype
from relnas_mm.evaluators.training import TrainConfig
from relnas_mm.launch import read_config
from relnas_mm.registry import EVALUATORS, SPACES, STRATEGIES
from relnas_mm.search.builder import arguments_of
from relnas_mm.search.darts.trainer import ArchitectureConfig
from relnas_mm.search.identity import run_identity
from relnas_mm.search.mm_loop import DartsLoop, SearchLoop

CONFIGS = sorted((ROOT / "configs" / "search").glob("*.py"))


def parts_of(name):
    """Arguments for `make_search` from a shipped config."""
    config = read_config(str(CONFIGS[0].with_name(name))).train_cfg.to_dict()
    config.pop("type")
    return config


@pytest.mark.mm
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_fits_the_parts_it_names(path):
    config = read_config(str(path))
    run_identity(config)
    if config.train_cfg.type == "DartsLoop":
        arguments = dict(config.train_cfg)
        DartsLoop.check_settings({key: value for key, value in arguments.items() if key != "type"})
        TrainConfig(**arguments["training"]), ArchitectureConfig(**arguments["architecture"])
        return
    SearchLoop.check_settings({key: value for key, value in config.train_cfg.items() if key != "type"})
    for registry, key in ((SPACES, "space"), (STRATEGIES, "strategy"), (EVALUATORS, "evaluator")):
        part = dict(config.train_cfg[key])
        assert set(part) - {"type"} <= arguments_of(registry.get(part["type"]))


@pytest.mark.golden
@pytest.mark.mm
def test_the_cifar10_config_is_the_reference_implementation():
    parts = parts_of("relativenas_cifar10.py")
    evaluator = parts["evaluator"]
    assert (parts["strategy"]["population_size"], parts["strategy"]["generations"]) == (20, 50)
    assert evaluator["network"] == {"init_channels": 16, "num_cells": 8}
    assert TrainConfig(**evaluator["training"]) == TrainConfig(256, 0.1, 0.001, 0.9, 3e-4, 5.0, 0.3)
    assert evaluator["augmentation"] == {"padding": 4, "flip": True, "cutout": 16}
    assert (evaluator["train_portion"], evaluator["augment_validation"]) == (0.5, True)
    switches = ("write_back", "duplicates", "fresh_optimizer")
    assert [evaluator[key] for key in switches] == ["group", "shared", True]


@pytest.mark.golden
@pytest.mark.mm
def test_the_darts_config_is_the_paper():
    config = read_config(str(CONFIGS[0].with_name("darts_cifar10.py"))).train_cfg
    assert (config.epochs, config.network.init_channels, config.network.num_cells) == (50, 16, 8)
    training = TrainConfig(**config.training)
    assert (training.batch_size, training.lr, training.min_lr, training.weight_decay) == (64, 0.025, 0.001, 3e-4)
    architecture = ArchitectureConfig(**config.architecture)
    assert (architecture.order, architecture.lr, architecture.betas) == (2, 3e-4, (0.5, 0.999))
    assert architecture.weight_decay == 1e-3


@pytest.mark.data
@pytest.mark.mm
def test_relativenas_on_a_table_is_a_config(data_root, tmp_path):
    parts = parts_of("relativenas_nasbench201.py")
    parts["evaluator"]["table"] = str(data_root / "tabular" / "combined" / "nasbench201_full.csv")
    search = make_search(tmp_path, **parts, save_every=30.0, overview=True)
    search.run()
    assert len((tmp_path / "records.jsonl").read_text().splitlines()) == 1050
    assert json.loads((tmp_path / "architecture.json").read_text())["name"].startswith("|")


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.mm
def test_a_search_on_real_images(data_root, tmp_path):
    script = data_root / "cifar10-mini" / "unpack_cifar10.py"
    subprocess.run([sys.executable, script, "--out", tmp_path / "data"], check=True, stdout=subprocess.DEVNULL)
    parts = parts_of("relativenas_cifar10-mini.py")
    parts["strategy"] |= {"population_size": 4, "generations": 2}
    parts["evaluator"]["data"] |= {"data_root": str(tmp_path / "data"), "limit": 640}
    parts["evaluator"]["network"] = {"init_channels": 4, "num_cells": 3}
    parts["evaluator"]["training"] |= {"batch_size": 16, "lr": 0.05}
    search = make_search(tmp_path / "work", **parts)
    search.run()
    load_genotype(tmp_path / "work" / "genotype.json")
    curve = [line["best_loss"] for line in search.store.records.of_type("generation")]
    assert curve[-1] < curve[0] - 0.02 and curve[-1] < math.log(10) - 0.02
