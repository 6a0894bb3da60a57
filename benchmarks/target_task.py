"""Where to search: on the target task, on a bundle of other tasks, or on classification, in TransNAS-Bench-101.

`python benchmarks/target_task.py data/tabular` fills docs/results/target_task.json .  Every architecture of the tables
was trained on all tasks, so a winner's place among all of them is known on each.
"""

import argparse
import functools
from pathlib import Path

import numpy as np

from relnas_mm.evaluators.tabular.tables import shared_columns
from relnas_mm.files import write_json
from relnas_mm.progress import with_progress
from relnas_mm.provenance import provenance
from relnas_mm.spaces import Space, TransNASMacroSpace, TransNASMicroSpace
from relnas_mm.strategies import RandomSearch, RegularizedEvolution, SlowFastLearning, Strategy
from relnas_mm.strategies.objectives import ranking

CLASSIFICATION = "class_object"
TASKS = (*("autoencoder", CLASSIFICATION, "class_scene", "jigsaw", "normal", "room_layout", "segmentsemantic"),)
SPACES = {"micro": TransNASMicroSpace, "macro": TransNASMacroSpace}
QUERIES, POPULATION = 300, 20


def relative_nas(space: Space, queries: int, seed: int, objectives: int) -> Strategy:
    generations = queries // POPULATION
    options = {"objectives": objectives, "compare": "rank_sum"} if objectives > 1 else {}
    return SlowFastLearning(space, POPULATION, generations, seed, evaluate_last=False, **options)


def evolution(space: Space, queries: int, seed: int, objectives: int) -> Strategy:
    options = {"objectives": objectives, "compare": "rank_sum"} if objectives > 1 else {}
    return RegularizedEvolution(space, queries, seed=seed, **options)


def random_search(space: Space, queries: int, seed: int, objectives: int) -> Strategy:
    return RandomSearch(space, queries, seed=seed)


STRATEGIES = {each.__name__: each for each in (relative_nas, evolution)}


class Tables:
    """Scores of all architectures on all tasks, and the percentage of the others that each beats."""

    def __init__(self, path: Path):
        rows = shared_columns(path, TASKS, "arch")
        scores = np.array(list(rows.values()))
        self.losses = {name: -np.array(row) for name, row in rows.items()}
        ordered = np.sort(scores, axis=0)
        beaten = np.stack([np.searchsorted(ordered[:, i], scores[:, i]) for i in range(len(TASKS))], axis=1)
        self.beaten = dict(zip(rows, 100 * beaten / (len(rows) - 1)))

    def winner(self, strategy: Strategy, tasks: list[int]) -> str:
        """The architecture that a search by these tasks chooses."""
        found: dict[str, np.ndarray] = {}
        while not strategy.done:
            group = strategy.ask()
            names = [str(candidate.architecture) for candidate in group.candidates]
            losses = np.array([self.losses[name][tasks] for name in names])
            strategy.tell(group, losses[:, 0].tolist() if len(tasks) == 1 else losses.tolist())
            found.update(zip(names, losses))
        values = np.array(list(found.values()))
        return list(found)[ranking(values[:, 0] if len(tasks) == 1 else values, "rank_sum")[0]]


def measure(tables: Tables, space: Space, build, seed: int) -> dict[str, list[float]]:
    """Percentage of architectures beaten on each target task, by where the search took place."""

    @functools.cache
    def on(task: int) -> str:
        return tables.winner(build(space, QUERIES, seed, 1), [task])

    rows: dict[str, list[float]] = {}
    for target in range(len(TASKS)):
        others = [task for task in range(len(TASKS)) if task != target]
        few = QUERIES // len(others) // POPULATION * POPULATION or POPULATION
        found = {
            "target": on(target),
            "classification": on(TASKS.index(CLASSIFICATION)),
            "bundle": tables.winner(build(space, QUERIES, seed, len(others)), others),
            "bundle, equal trainings": tables.winner(build(space, few, seed, len(others)), others),
            "random, on the target": tables.winner(random_search(space, QUERIES, seed, 1), [target]),
        }
        for name, winner in found.items():
            rows.setdefault(name, []).append(float(tables.beaten[winner][target]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", type=Path, help="folder with combined/transnasbench101_*_val.csv")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("docs/results/target_task.json"))
    args = parser.parse_args()
    record = {
        **provenance("python benchmarks/target_task.py data/tabular"),
        "seeds": list(range(args.seeds)),
        "queries": QUERIES,
        "tasks": TASKS,
        "classification": CLASSIFICATION,
        "spaces": {},
    }
    for name, space in SPACES.items():
        tables = Tables(args.tables / "combined" / f"transnasbench101_{name}_val.csv")
        record["spaces"][name] = {}
        for strategy, build in STRATEGIES.items():
            title = f"{name}, {strategy}"
            runs = [
                measure(tables, space(), build, seed) for seed in with_progress(range(args.seeds), args.seeds, title)
            ]
            rows = {key: np.array([run[key] for run in runs]) for key in runs[0]}
            record["spaces"][name][strategy] = {
                key: {"mean": values.mean(axis=0).tolist(), "std": values.std(axis=0, ddof=1).tolist()}
                for key, values in rows.items()
            }
            print(title, {key: values.mean(axis=0).round(1).tolist() for key, values in rows.items()}, flush=True)
    write_json(args.out, record, f"the record {str(args.out)!r}")


if __name__ == "__main__":
    main()
