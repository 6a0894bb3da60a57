"""A tiny search without the command line: quick enough to be killed many times."""

import json
import os
from pathlib import Path

import torch.distributed as dist

import relnas_mm.downstream  # noqa: F401  (registries import it when they are asked; forks would do so each time)
from helpers.processes import in_child
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


def alone(folder: Path, evaluator: dict, **options) -> dict:
    """Outcome of a search in one process."""
    assert in_child(lambda: make_search(folder, evaluator, **options).run()) == 0
    return outcome(folder)


def together(folder: Path, evaluator: dict, size: int, **options) -> dict:
    """Outcome of a search in several processes, which are forked."""
    meeting = f"file://{folder.with_suffix('.meeting')}"

    def work(rank):
        dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
        make_search(folder, evaluator, **options).run()
        dist.barrier()  # gloo wants all of them to be there until the last one has read
        dist.destroy_process_group()

    def family():
        others = []
        for rank in range(1, size):
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    work(rank)
                    code = 0
                finally:
                    os._exit(code)
            others.append(child)
        work(0)
        assert all(os.waitpid(child, 0)[1] == 0 for child in others)

    assert in_child(family) == 0
    return outcome(folder)
