"""A small live search with shared weights, with and without a referee that spares sure duels their training.

`python benchmarks/renas_live.py data/cifar10-mini` fills docs/results/renas_live.json .  The winner of each search is
trained alone afterwards, from new weights, and its accuracy on the images that trained nothing is what counts.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from relnas_mm.evaluators import StandAloneEvaluator, SupernetEvaluator
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import Candidate, Group, RefereedLearning, SlowFastLearning

POPULATION, GENERATIONS = 8, 8
SETTINGS = {
    "network": {"init_channels": 6, "num_cells": 3},
    "training": {"batch_size": 32},
    "execution": {"backend": "auto", "channels_last": True},
    "augmentation": {"padding": 4},
}
"""Of the evaluators, in the searches and in the trainings of the winners."""
REFEREE = {"warmup": 16, "retrain": 8, "duels": 4, "confidence": 0.75, "detrend": True}
ARMS = {
    "RelativeNAS": lambda seed: SlowFastLearning(CellSpace(), POPULATION, GENERATIONS, seed, evaluate_last=False),
    "RelativeNAS with a referee": lambda seed: RefereedLearning(
        CellSpace(), None, POPULATION, GENERATIONS, seed, **REFEREE
    ),
}


def search(arm: str, seed: int, data: dict[str, Any], epochs: int) -> dict[str, float]:
    """One search and the training of its winner."""
    evaluator = SupernetEvaluator({**data, "limit": 600}, **SETTINGS, seed=seed)
    strategy, trained, start = ARMS[arm](seed), 0, time.perf_counter()
    while not strategy.done:
        group = strategy.ask()
        (results,) = evaluator.evaluate([group])
        strategy.tell(group, [result.loss for result in results])
        trained += len(group.candidates)
    minutes = (time.perf_counter() - start) / 60
    alone = StandAloneEvaluator({**data, "limit": 2000}, epochs, **SETTINGS, seed=seed)
    best = strategy.best.candidate
    ((result,),) = alone.evaluate([Group(0, 0, 1, 0.0, (Candidate(0, best.vector, best.architecture),))])
    row = {"trained": trained, "decided": 0, "accuracy": result.metrics["accuracy"], "minutes": minutes}
    if isinstance(strategy, RefereedLearning):
        row["decided"] = strategy.counts["decided"]
        said = strategy.referee.calibration
        margins, outcomes = (np.array(column) > 0 for column in (said.margins, said.outcomes))
        row |= {"foretold": len(margins), "right": int((margins == outcomes).sum())}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_root")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3, help="of the winners' own training")
    parser.add_argument("--out", type=Path, default=Path("docs/results/renas_live.json"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = {"type": "cifar10", "data_root": args.data_root, "num_classes": 10}
    searches: dict[str, dict[str, list[float]]] = {}
    for seed in range(args.seeds):
        for arm in ARMS:
            row = search(arm, seed, data, args.epochs)
            print(arm, seed, row, flush=True)
            for key, value in row.items():
                searches.setdefault(arm, {}).setdefault(key, []).append(value)
    record = {
        **provenance("python benchmarks/renas_live.py data/cifar10-mini"),
        "seeds": list(range(args.seeds)),
        "epochs": args.epochs,
        "searches": searches,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
