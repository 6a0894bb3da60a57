"""A tiny search without the command line: quick enough to be killed many times."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

from relnas_mm.architectures import save_genotype
from relnas_mm.search import SearchLoop
from relnas_mm.search.checkpoint_store import RunStore


class PlainLoop(SearchLoop):
    """Leaves out the pictures, which take longer than the search."""

    def _write_results(self):
        save_genotype(self.strategy.best.candidate.architecture, self.work_dir / "genotype.json")


SPACE = {"type": "CellSpace"}
STRATEGY = {"type": "SlowFastLearning", "population_size": 4, "generations": 1}


def evaluator_config(data_root) -> dict:
    return {
        "type": "SupernetEvaluator",
        "data": {"type": "cifar10", "data_root": str(data_root)},
        "network": {"init_channels": 2, "num_cells": 3},
        "training": {"batch_size": 8},
    }


def make_loop(
    work_dir: Path, evaluator: dict, resume: bool = False, seed: int = 5, world_size: int = 1, rank: int = 0, **options
) -> PlainLoop:
    """A loop with just as much of a Runner as it uses."""
    work_dir.mkdir(parents=True, exist_ok=True)
    log = logging.getLogger(str(work_dir))
    visualizer = SimpleNamespace(add_scalars=lambda scalars, step: None)
    runner = SimpleNamespace(
        work_dir=str(work_dir),
        seed=seed,
        world_size=world_size,
        rank=rank,
        logger=log,
        visualizer=visualizer,
        model=None,
    )
    options = {"space": SPACE, "strategy": STRATEGY, "save_every": 0.0} | options
    return PlainLoop(runner, None, evaluator=evaluator, resume=resume, **options)


def outcome(work_dir: Path) -> dict:
    """All that a search decided, without times."""
    loaded = RunStore(work_dir / "run_store").load_newest()
    records = [json.loads(line) for line in (work_dir / "records.jsonl").read_text().splitlines()]
    return {
        "step": loaded.step,
        "tensors": {name: value.numpy().tobytes() for name, value in loaded.state.tensors.items()},
        "arrays": {name: value.tobytes() for name, value in loaded.state.arrays.items()},
        "strategy": loaded.state.values["strategy"],
        "records": [{key: value for key, value in line.items() if key != "seconds"} for line in records],
        "genotype": json.loads((work_dir / "genotype.json").read_text()),
    }
