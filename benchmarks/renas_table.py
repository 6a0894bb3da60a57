"""How well predictors rank what they never saw, and what a search with them finds: one table.

`python benchmarks/renas_table.py data/tabular` fills docs/results/renas_table.json .  For each set, method, number of
samples and seed: a predictor learns from random architectures; Kendall's tau is taken over all others, against their
test accuracy; the first ten of its ranking are looked up, and the one with the best validation accuracy is the find.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from relnas_mm.evaluators.tables import read_columns
from relnas_mm.files import write_atomically
from relnas_mm.predictors import ENCODINGS, RECIPES, Predictor, kendall_tau, parameter_counts
from relnas_mm.predictors.forest import Forest
from relnas_mm.provenance import provenance
from relnas_mm.seeding import numpy_stream

SAMPLES = (424, 1563, 4230)
TOP = 10


@dataclass(frozen=True)
class Set:
    """A benchmark with the columns that are learned and reported."""

    space: str
    table: str
    key: str
    learned: str
    reported: str


NB201 = "combined/nasbench201_full.csv"
SETS = {
    "NAS-Bench-201, CIFAR-10": Set("nasbench201", NB201, "arch_str", "c10_val200", "c10_test200"),
    "NAS-Bench-201, CIFAR-100": Set("nasbench201", NB201, "arch_str", "c100_val200", "c100_test200"),
    "NAS-Bench-201, ImageNet16-120": Set("nasbench201", NB201, "arch_str", "in16_val200", "in16_test200"),
    "NAS-Bench-Macro": Set(
        "nasbench-macro", "NAS-Bench-Macro/nas-bench-macro_cifar10.json", "", "test_acc.0", "mean_acc"
    ),
}
NB101 = Set("nasbench101", "nasbench101.csv", "cell", "val108", "test108")

Ranker = Callable[[str, list[Any], np.ndarray, int], Callable[[list[Any]], np.ndarray]]
"""Of a space, architectures, their scores and a seed: what scores architectures."""


def learned(name: str) -> Ranker:
    def fit(space: str, architectures: list[Any], scores: np.ndarray, seed: int) -> Callable[[list[Any]], np.ndarray]:
        recipe = RECIPES[name]
        return Predictor(ENCODINGS[f"{space}/{recipe.encoding}"], recipe, seed).fit(architectures, scores).predict

    return fit


def forest(space: str, architectures: list[Any], scores: np.ndarray, seed: int) -> Callable[[list[Any]], np.ndarray]:
    return Forest(ENCODINGS[f"{space}/flow"], seed=seed).fit(architectures, scores).predict


def parameters(space: str, *_: Any) -> Callable[[list[Any]], np.ndarray]:
    return lambda architectures: parameter_counts(space, architectures)


METHODS: dict[str, Ranker] = {
    "parameters": parameters,
    "forest": forest,
    "released-mse": learned("released-mse"),
    "released": learned("released"),
    "improved": learned("improved"),
}
FIRST, LAST = "NAS-Bench-201, CIFAR-10", "NAS-Bench-Macro"
SLOW_SEEDS = {
    ("forest", 424): {FIRST: 10, LAST: 10},
    ("released-mse", 424): {FIRST: 3, LAST: 3},
    ("released", 424): {FIRST: 10, LAST: 10},
    ("released", 1563): {FIRST: 2, LAST: 3},
    ("released", 4230): {FIRST: 1, LAST: 2},
}
"""Seeds of what is slow on a CPU, where these are fewer than those of the rest."""


def seeds_of(method: str, name: str, samples: int, seeds: int) -> int:
    """How many seeds a cell of the table gets."""
    if method in ("parameters", "improved"):
        return seeds
    few = SLOW_SEEDS.get((method, samples), {})
    elsewhere = 3 if method == "forest" else 5 if (method, samples) == ("released", SAMPLES[0]) else 0
    return min(seeds, few.get(name, elsewhere))


def measure(part: Set, table: dict[str, tuple[float, ...]], method: str, samples: int, seed: int) -> dict[str, float]:
    """One cell of the table for one seed."""
    architectures, values = list(table), np.array(list(table.values()))
    order = numpy_stream(seed, "samples", samples).permutation(len(architectures))
    chosen, others = order[:samples], order[samples:]
    start = time.perf_counter()
    scorer = METHODS[method](part.space, [architectures[n] for n in chosen], values[chosen, 0], seed)
    seconds = time.perf_counter() - start
    scores = scorer([architectures[n] for n in others])
    top = others[np.argsort(-scores, kind="stable")[:TOP]]
    seen = np.concatenate([chosen, top])
    return {
        "tau": kendall_tau(scores, values[others, 1]),
        "find": float(values[top[np.argmax(values[top, 0])], 1]),
        "best": float(values[seen[np.argmax(values[seen, 0])], 1]),
        "seconds": seconds,
    }


def summary(runs: list[dict[str, float]]) -> dict[str, Any]:
    """Mean and deviation of each figure."""
    out: dict[str, Any] = {"seeds": len(runs)}
    for key in ("tau", "find", "best", "seconds"):
        values = np.array([run[key] for run in runs])
        out[key] = [float(values.mean()), float(values.std(ddof=1)) if len(runs) > 1 else None]
    return out


def fill(root: Path, sets: dict[str, Set], seeds: int) -> dict[str, Any]:
    """The whole table."""
    out: dict[str, Any] = {}
    for name, part in sets.items():
        table = read_columns(root / part.table, (part.learned, part.reported), part.key)
        values = np.array(list(table.values()))
        rows: dict[str, Any] = {}
        for method in METHODS:
            for samples in SAMPLES:
                if not (count := seeds_of(method, name, samples, seeds)):
                    continue
                runs = [measure(part, table, method, samples, seed) for seed in range(count)]
                rows.setdefault(method, {})[str(samples)] = row = summary(runs)
                print(f"{name} {method} {samples}: {row}", flush=True)
        out[name] = {
            "architectures": len(table),
            "optimum": float(values[:, 1].max()),
            "ceiling": kendall_tau(values[:, 0], values[:, 1]),
            "methods": rows,
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "root", type=Path, help="folder of the tables; nasbench101.csv is taken, too, where it is there"
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("docs/results/renas_table.json"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    sets = SETS | ({"NAS-Bench-101": NB101} if (args.root / NB101.table).exists() else {})
    start = time.perf_counter()
    record = {
        **provenance("python benchmarks/renas_table.py data/tabular"),
        "seeds": list(range(args.seeds)),
        "samples": SAMPLES,
        "sets": fill(args.root, sets, args.seeds),
    }
    record["minutes"] = (time.perf_counter() - start) / 60
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")
    print(f"{record['minutes']:.1f} minutes")


if __name__ == "__main__":
    main()
