"""A search with a downstream model as a user runs it: its files, and what happens when a task's config changes."""

import json

import pytest
from helpers import run_tool

from relnas_mm.datasets.shapes import generate_shapes

pytestmark = [pytest.mark.mm, pytest.mark.e2e]

MODEL = """
_base_ = "relnas_mm::imagenet/relativenas-c16l6_1xb32-5e_shapes.py"
model = dict(backbone=dict(init_channels=4, num_cells=3))
train_dataloader = dict(batch_size=4, num_workers=0, persistent_workers=False)
optim_wrapper = dict(optimizer=dict(lr={lr}))
"""
SEARCH = """
_base_ = ["relnas_mm::_base_/search/runtime.py", "relnas_mm::_base_/search/downstream.py"]
train_cfg = dict(
    strategy=dict(population_size=2, generations=1),
    evaluator=dict(tasks=dict(mine=dict(config={config!r}, cfg_options=dict(train_dataloader=dict(batch_size=5))))))
"""


def test_a_search_is_not_resumed_with_another_model(tmp_path):
    generate_shapes(tmp_path / "image_folder", "image_folder", {"train": 20, "val": 10}, image_size=32, progress=False)
    model, search = tmp_path / "model.py", tmp_path / "search.py"
    model.write_text(MODEL.format(lr=1e-3))
    search.write_text(SEARCH.format(config=str(model)))
    words = ("tools/search.py", search, "--work-dir", tmp_path / "run")
    done = run_tool(*words, SHAPES_ROOT=str(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((tmp_path / "run" / "genotype.json").read_text())["kind"] == "genotype"
    kept = json.loads((tmp_path / "run" / "run.json").read_text())["train_cfg"]["evaluator"]["tasks"]["mine"]
    assert kept["source"] == str(model) and kept["config"]["train_dataloader"]["batch_size"] == 5

    again = run_tool(*words, "--resume", SHAPES_ROOT=str(tmp_path))
    assert again.returncode == 0, again.stderr[-3000:]
    model.write_text(MODEL.format(lr=2e-3))
    refused = run_tool(*words, "--resume", SHAPES_ROOT=str(tmp_path))
    assert refused.returncode == 2 and "Traceback" not in refused.stderr
    assert "has another config: train_cfg.evaluator.tasks.mine.config.optim_wrapper.optimizer.lr: 0.001 -> 0.002" in (
        refused.stderr
    )
    missing = run_tool(
        *words[:-1], tmp_path / "other", "--cfg-options", "train_cfg.evaluator.tasks.mine.config=gone.py"
    )
    assert missing.returncode == 2 and "error: the config 'gone.py' does not exist" in missing.stderr
