"""RelativeNAS against random search on NAS-Bench-201: test accuracy after some queries, over many seeds.

`python benchmarks/search_tabular.py TABLE.csv` fills docs/results/search_nasbench201.json .
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from relnas_mm.evaluators import TabularEvaluator
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import NASBench201Space
from relnas_mm.strategies import SlowFastLearning

SETS = {"cifar10": "c10", "cifar100": "c100", "imagenet16-120": "in16"}
BUDGETS = (100, 300, 1000)


def relative_nas(evaluator: TabularEvaluator, queries: int, seed: int) -> np.ndarray:
    """Validation and test accuracy of each query, shape (queries, 2)."""
    strategy = SlowFastLearning(NASBench201Space(), 20, queries // 20, seed, evaluate_last=False)
    rows = []
    while not strategy.done:
        group = strategy.ask()
        (results,) = evaluator.evaluate([group])
        strategy.tell(group, [result.loss for result in results])
        rows += [(result.metrics["accuracy"], result.metrics["test_accuracy"]) for result in results]
    return np.array(rows)


def random_search(evaluator: TabularEvaluator, queries: int, seed: int) -> np.ndarray:
    """The same for architectures drawn at random."""
    space = NASBench201Space()
    vectors = space.sample(numpy_stream(seed, "random"), queries)
    results = [evaluator.look_up(str(space.decode(vector))) for vector in vectors]
    return np.array([(result.metrics["accuracy"], result.metrics["test_accuracy"]) for result in results])


def incumbents(rows: np.ndarray) -> list[float]:
    """Test accuracy of the best by validation within each budget."""
    return [float(rows[:budget][rows[:budget, 0].argmax(), 1]) for budget in BUDGETS]


def means(values: np.ndarray) -> list[float]:
    return values.mean(axis=0).round(3).tolist()


def spreads(values: np.ndarray) -> list[float]:
    return values.std(axis=0, ddof=1).round(3).tolist()


def compare(table: Path, seeds: int) -> dict:
    out: dict = {
        **provenance("python benchmarks/search_tabular.py data/tabular/combined/nasbench201_full.csv"),
        "seeds": list(range(seeds)),
        "budgets": BUDGETS,
        "sets": {},
    }
    for name, column in SETS.items():
        evaluator = TabularEvaluator(table, f"{column}_val200", f"{column}_test200")
        scores = {
            method.__name__: np.array([incumbents(method(evaluator, max(BUDGETS), seed)) for seed in range(seeds)])
            for method in (relative_nas, random_search)
        }
        accuracies = np.array(list(evaluator.table.values()))
        out["sets"][name] = {
            "optimum": float(accuracies[:, 1].max()),
            "best_by_validation": float(accuracies[accuracies[:, 0].argmax(), 1]),
            **{method: {"mean": means(values), "std": spreads(values)} for method, values in scores.items()},
        }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("docs/results/search_nasbench201.json"))
    args = parser.parse_args()
    start = time.perf_counter()
    results = compare(args.table, args.seeds)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out, json.dumps(results, indent=1) + "\n")
    for name, entry in results["sets"].items():
        print(name, *(f"{method} {entry[method]['mean']}" for method in ("relative_nas", "random_search")))
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
