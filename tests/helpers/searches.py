"""A tiny search without the command line: quick enough to be killed many times."""

import json
from pathlib import Path

from relnas_mm.search import SearchRun
from relnas_mm.search.builder import build_search
from relnas_mm.search.checkpoint_store import CheckpointStore

SPACE = {"type": "CellSpace"}
STRATEGY = {"type": "SlowFastLearning", "population_size": 4, "generations": 1}


def evaluator_config(data_root) -> dict:
    return {
        "type": "SupernetEvaluator",
        "data": {"type": "cifar10", "data_root": str(data_root)},
        "network": {"init_channels": 2, "num_cells": 3},
        "training": {"batch_size": 8},
    }


def make_search(work_dir: Path, evaluator: dict, seed: int = 5, overview: bool = False, **options) -> SearchRun:
    """A search that saves after each group and draws no curves, which take longer than the search."""
    options = {"space": SPACE, "strategy": STRATEGY, "save_every": 0.0} | options
    search = build_search(work_dir, evaluator=evaluator, seed=seed, **options)
    search.overview = overview
    return search


def outcome(work_dir: Path) -> dict:
    """All that a search decided, without times."""
    loaded = CheckpointStore(work_dir / "run_store").load_newest()
    records = [json.loads(line) for line in (work_dir / "records.jsonl").read_text().splitlines()]
    return {
        "step": loaded.step,
        "tensors": {name: value.numpy().tobytes() for name, value in loaded.state.tensors.items()},
        "arrays": {name: value.tobytes() for name, value in loaded.state.arrays.items()},
        "strategy": loaded.state.values["strategy"],
        "records": [{key: value for key, value in line.items() if key != "seconds"} for line in records],
        "genotype": json.loads((work_dir / "genotype.json").read_text()),
    }
