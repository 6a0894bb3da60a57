"""Searches by DARTS: resumed equals uninterrupted, collapse is reported, tables are refused."""

import json
import logging

import pytest
import torch
from helpers import write_cifar10

from relnas_mm.architectures import load_genotype
from relnas_mm.errors import UserError
from relnas_mm.search import RunStore
from relnas_mm.search.darts import DartsSearch
from relnas_mm.search.identity import run_identity

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return {"type": "cifar10", "data_root": str(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))}


def make_search(folder, data, seed=5, **options):
    options = {
        "epochs": 2,
        "network": {"init_channels": 2, "num_cells": 3},
        "training": {"batch_size": 10},
        "architecture": {"lr": 0.05},
    } | options
    return DartsSearch(folder, data, seed=seed, **options)


def outcome(folder):
    state = RunStore(folder).checkpoints.load_newest().state
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    tensors = {name: value.numpy().tobytes() for name, value in state.tensors.items()}
    return tensors, [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def test_a_resumed_search_is_the_uninterrupted_one(data, tmp_path):
    options = {"architecture": {"lr": 0.05, "order": 2}, "temperature": (1.0, 0.5)}
    make_search(tmp_path / "whole", data, **options).run()
    first = make_search(tmp_path / "cut", data, **options)
    first.run_epoch()
    with (tmp_path / "cut" / "records.jsonl").open("a") as file:
        file.write('{"half a li')
    make_search(tmp_path / "cut", data, resume=True, **options).run()
    assert outcome(tmp_path / "cut") == outcome(tmp_path / "whole")
    lines = outcome(tmp_path / "whole")[1]
    assert [line["temperature"] for line in lines] == [1.0, 0.5]
    assert lines[0]["entropy_normal"] > lines[-1]["entropy_normal"]
    document = json.loads((tmp_path / "whole" / "genotype.json").read_text())
    assert document["meta"]["strategy"] == "DARTS" and document["meta"]["order"] == 2
    assert load_genotype(tmp_path / "whole" / "genotype.json").to_dict() == lines[-1]["architecture"]
    for name in ("cells.svg", "search_curve.png"):
        assert (tmp_path / "whole" / name).stat().st_size > 100
    make_search(tmp_path / "other", data, seed=6, **options).run_epoch()
    assert outcome(tmp_path / "other")[0] != outcome(tmp_path / "whole")[0]


def test_collapse_is_reported(data, tmp_path, caplog):
    search = make_search(tmp_path, data, epochs=1, architecture={"lr": 1e-6})
    with torch.no_grad():
        search.trainer.network.alphas[0][:, 3] = 2.0
    with caplog.at_level(logging.INFO):
        search.run()
    assert "8 skip connections on its 8 edges: the search has collapsed" in caplog.text
    assert json.loads((tmp_path / "genotype.json").read_text())["meta"]["collapsed"] is True


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"epochs": 0}, "epochs of DARTS is 0"),
        ({"temperature": (0.0, 1.0)}, "temperature is"),
        ({"training": {"drop_path_rate": 0.2}}, "without drop path"),
        ({"portion": 3}, "portion is 3"),
    ],
)
def test_bad_settings_are_one_sentence(options, says, data, tmp_path):
    with pytest.raises(UserError, match=says):
        make_search(tmp_path, **({"data": data} | options))


def test_a_work_dir_belongs_to_it():
    identity = run_identity({"train_cfg": {"type": "DartsLoop", "epochs": 3}, "randomness": {"seed": 1}})
    assert identity["train_cfg"]["epochs"] == 3
    with pytest.raises(UserError, match="'SearchLoop' or 'DartsLoop'"):
        run_identity({"train_cfg": {"type": "EpochBasedTrainLoop"}, "randomness": {"seed": 1}})
