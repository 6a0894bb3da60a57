"""Trainings that a referee saves slow-fast learning on NAS-Bench-201, at equal regret.

`python benchmarks/renas_referee.py data/tabular/combined/nasbench201_full.csv` fills docs/results/renas_referee.json .
Regret is what the candidate with the best validation accuracy so far lacks of the best test accuracy of all; a row says
after how many trainings the mean over seeds is as low as that of RelativeNAS after some numbers of trainings.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from relnas_mm.evaluators import TabularEvaluator
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.spaces import NASBench201Space
from relnas_mm.strategies import RefereedLearning, SlowFastLearning

SETS = {"CIFAR-10": "c10", "CIFAR-100": "c100", "ImageNet16-120": "in16"}
LEVELS = (100, 200, 300, 500, 1000)
PLAIN = "RelativeNAS"
NEVER = 10**9
ARMS: dict[str, dict[str, Any]] = {
    PLAIN: {},
    "with memory": {"memory": True, "warmup": NEVER},
    "with memory and a referee": {"memory": True},
    "with a referee": {"retrain": 150},
}
MOST_SEEDS = {"with a referee": 5}
"""Without memory its predictors learn from many trainings, which takes seconds for each search."""


def search(evaluator: TabularEvaluator, arm: str, seed: int) -> tuple[np.ndarray, dict[str, float]]:
    """Test accuracy of the incumbent after each training, and what the referee did."""
    space = NASBench201Space()
    if arm == PLAIN:
        strategy = SlowFastLearning(space, 20, 50, seed, evaluate_last=False)
    else:
        strategy = RefereedLearning(space, None, 20, 50, seed, **ARMS[arm])
    lowest, incumbent, curve = np.inf, 0.0, []
    while not strategy.done:
        group = strategy.ask()
        (results,) = evaluator.evaluate([group])
        strategy.tell(group, [result.loss for result in results])
        for result in results:
            if result.loss < lowest:
                lowest, incumbent = result.loss, result.metrics["test_accuracy"]
            curve.append(incumbent)
    facts: dict[str, float] = {"trainings": len(curve)}
    if isinstance(strategy, RefereedLearning):
        facts |= {name: strategy.counts[name] for name in ("fought", "decided", "remembered")}
        said = strategy.referee.calibration
        sure = np.array(said.weights) > 1  # duels that it was sure of, fought as audits
        facts["audits"] = int(sure.sum())
        facts["right"] = int(((np.array(said.margins) > 0) == (np.array(said.outcomes) > 0))[sure].sum())
    return np.array(curve), facts


def compare(table: Path, seeds: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Figures of every arm, set by set."""
    for name, column in SETS.items():
        evaluator = TabularEvaluator(table, f"{column}_val200", f"{column}_test200")
        optimum = max(row[1] for row in evaluator.table.values())
        curves, arms = {}, {}
        for arm in ARMS:
            start = time.perf_counter()
            runs = [search(evaluator, arm, seed) for seed in range(min(seeds, MOST_SEEDS.get(arm, seeds)))]
            longest = max(len(curve) for curve, _ in runs)
            padded = np.array([np.pad(curve, (0, longest - len(curve)), mode="edge") for curve, _ in runs])
            curves[arm] = optimum - padded.mean(axis=0)
            last = optimum - padded[:, -1]
            facts = {key: float(np.mean([facts[key] for _, facts in runs])) for key in runs[0][1]}
            arms[arm] = {"seeds": len(runs), "regret": [float(last.mean()), float(last.std(ddof=1))], **facts}
            print(name, arm, arms[arm], f"{time.perf_counter() - start:.0f} s", flush=True)
        goals = [float(curves[PLAIN][min(level, len(curves[PLAIN])) - 1]) for level in LEVELS]
        for arm, curve in curves.items():
            below = [np.flatnonzero(curve <= goal + 1e-9) for goal in goals]
            arms[arm]["needed"] = [int(places[0]) + 1 if len(places) else None for places in below]
        yield name, {"optimum": optimum, "levels": LEVELS, "goals": goals, "arms": arms}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("docs/results/renas_referee.json"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    record = {
        **provenance("python benchmarks/renas_referee.py data/tabular/combined/nasbench201_full.csv"),
        "seeds": list(range(args.seeds)),
        "sets": {},
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    for name, entry in compare(args.table, args.seeds):
        record["sets"][name] = entry
        write_atomically(args.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
