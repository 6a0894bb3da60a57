"""How well predictors rank what they never saw, and what a search with them finds: one table.

`python benchmarks/renas_table.py data/tabular` fills docs/results/renas_table.json .  For each set, method, number of
samples and seed: a predictor learns from random architectures; Kendall's tau is taken over all others, against their
test accuracy; the first ten of its ranking are looked up, and the one with the best validation accuracy is the find.

Each of these is one line of the runs file as soon as it is measured.  The same command goes on where an earlier one was
stopped; runs files of several machines are merged with `cat`, and `--summarize` makes the table of what is there.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from runs_file import RESULTS, RunsFile, commits

from relnas_mm.evaluators.tabular.tables import Table, shared_columns
from relnas_mm.files import write_atomically
from relnas_mm.predictors import ENCODINGS, PREDICTOR_CONFIGS, Predictor, kendall_tau, parameter_counts
from relnas_mm.predictors.forest import Forest
from relnas_mm.provenance import provenance
from relnas_mm.seeding import numpy_stream

SAMPLES = (424, 1563, 4230)
MOST_SEEDS = 10
TOP = 10


@dataclass(frozen=True)
class Set:
    """A benchmark with the columns that are learned and reported."""

    space: str
    table: str
    key: str
    learned: str
    reported: str

    def read(self, root: Path) -> Table:
        """Learned and reported accuracy by architecture; a process reads a file once."""
        return shared_columns(root / self.table, (self.learned, self.reported), self.key)


NB101, NB201 = "nasbench101.csv", "combined/nasbench201_full.csv"
SETS = {
    "NAS-Bench-201, CIFAR-10": Set("nasbench201", NB201, "arch_str", "c10_val200", "c10_test200"),
    "NAS-Bench-201, CIFAR-100": Set("nasbench201", NB201, "arch_str", "c100_val200", "c100_test200"),
    "NAS-Bench-201, ImageNet16-120": Set("nasbench201", NB201, "arch_str", "in16_val200", "in16_test200"),
    "NAS-Bench-Macro": Set(
        "nasbench-macro", "NAS-Bench-Macro/nas-bench-macro_cifar10.json", "", "test_acc.0", "mean_acc"
    ),
    "NAS-Bench-101": Set("nasbench101", NB101, "cell", "val108", "test108"),
}

Runs = Mapping[tuple[Any, ...], dict[str, Any]]
"""Lines of the runs file by unit."""
Ranker = Callable[[str, list[Any], np.ndarray, int], Callable[[list[Any]], np.ndarray]]
"""Of a space, architectures, their scores and a seed: what scores architectures."""


def learned(name: str) -> Ranker:
    def fit(space: str, architectures: list[Any], scores: np.ndarray, seed: int) -> Callable[[list[Any]], np.ndarray]:
        config = PREDICTOR_CONFIGS[name]
        return Predictor(ENCODINGS[f"{space}/{config.encoding}"], config, seed).fit(architectures, scores).predict

    return fit


def forest(space: str, architectures: list[Any], scores: np.ndarray, seed: int) -> Callable[[list[Any]], np.ndarray]:
    return Forest(ENCODINGS[f"{space}/flow"], seed=seed).fit(architectures, scores).predict


def parameters(space: str, *_: Any) -> Callable[[list[Any]], np.ndarray]:
    return lambda architectures: parameter_counts(space, architectures)


METHODS: dict[str, Ranker] = {
    "parameters": parameters,
    "forest": forest,
    "reference-mse": learned("reference-mse"),
    "reference": learned("reference"),
    "improved": learned("improved"),
}
SIZES = {"reference-mse": SAMPLES[:1]}
"""Numbers of samples of what is not measured with all of them."""


class Unit(NamedTuple):
    """What is measured in one go."""

    set: str
    method: str
    samples: int
    seed: int


def units_of(sets: Sequence[str], methods: Sequence[str], seeds: int) -> list[Unit]:
    """Seed by seed, so that every cell of the table soon has some, and of a seed the slowest first."""
    units = [
        Unit(name, method, samples, seed)
        for name in sets
        for method in methods
        for samples in SIZES.get(method, SAMPLES)
        for seed in range(seeds)
    ]
    return sorted(units, key=lambda unit: (unit.seed, unit.method != "reference", -unit.samples))


def measure(root: Path, unit: Unit) -> tuple[Unit, dict[str, Any]]:
    """The figures of one unit; what its process measured before makes no difference."""
    part, samples = SETS[unit.set], unit.samples
    table = part.read(root)
    architectures, values = list(table), np.array(list(table.values()))
    order = numpy_stream(unit.seed, "samples", samples).permutation(len(architectures))
    chosen, others = order[:samples], order[samples:]
    start = time.perf_counter()
    scorer = METHODS[unit.method](part.space, [architectures[n] for n in chosen], values[chosen, 0], unit.seed)
    seconds = time.perf_counter() - start
    scores = scorer([architectures[n] for n in others])
    top = others[np.argsort(-scores, kind="stable")[:TOP]]
    seen = np.concatenate([chosen, top])
    return unit, {
        "tau": kendall_tau(scores, values[others, 1]),
        "find": float(values[top[np.argmax(values[top, 0])], 1]),
        "best": float(values[seen[np.argmax(values[seen, 0])], 1]),
        "seconds": seconds,
    }


def measured(root: Path, units: Sequence[Unit], workers: int) -> Iterator[tuple[Unit, dict[str, Any]]]:
    """Units and their figures as they come, from processes of one thread each."""
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # NumPy of a new process heeds them
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _prepare) as pool:
        try:
            for future in as_completed([pool.submit(measure, root, unit) for unit in units]):
                yield future.result()
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _prepare() -> None:
    """Ctrl-C reaches all processes of a terminal; the first one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    with contextlib.suppress(ImportError):  # else the first fit of a forest would be timed with it
        import sklearn.ensemble  # noqa: F401


def extend(file: RunsFile, root: Path, units: Sequence[Unit], workers: int) -> None:
    """Measures units and appends each to a runs file at once."""
    start = time.monotonic()
    for done, (unit, figures) in enumerate(measured(root, units, workers), 1):
        file.add(unit, figures)
        left = timedelta(seconds=round((time.monotonic() - start) / done * (len(units) - done)))
        what = f"{unit.set}, {unit.method}, {unit.samples} samples, seed {unit.seed}"
        words = f"tau {figures['tau']:.3f}, {figures['seconds']:.1f} s"
        print(f"{done}/{len(units)}, eta {left}: {what}: {words}", file=sys.stderr, flush=True)


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and deviation of each figure."""
    out: dict[str, Any] = {"seeds": len(runs)}
    for key in ("tau", "find", "best", "seconds"):
        values = np.array([run[key] for run in runs])
        out[key] = [float(values.mean()), float(values.std(ddof=1)) if len(runs) > 1 else None]
    return out


def rows_of(name: str, runs: Runs) -> dict[str, dict[str, Any]]:
    """Summaries of a set by method and samples, as far as there are runs."""
    rows: dict[str, dict[str, Any]] = {}
    for method in METHODS:
        for samples in SAMPLES:
            if cell := [runs[unit] for unit in sorted(runs) if unit[:3] == (name, method, samples)]:
                rows.setdefault(method, {})[str(samples)] = summary(cell)
    return rows


def sets_of(root: Path, runs: Runs) -> dict[str, Any]:
    """The whole table."""
    out: dict[str, Any] = {}
    for name, part in SETS.items():
        if rows := rows_of(name, runs):
            values = np.array(list(part.read(root).values()))
            out[name] = {
                "architectures": len(values),
                "optimum": float(values[:, 1].max()),
                "ceiling": kendall_tau(values[:, 0], values[:, 1]),
                "methods": rows,
            }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder of the tables")
    parser.add_argument("--seeds", type=int, default=MOST_SEEDS, help="how many, at most %(default)s [%(default)s]")
    parser.add_argument(
        "--sets",
        nargs="+",
        choices=SETS,
        metavar="SET",
        help=f"some of: {'; '.join(SETS)} [all; NAS-Bench-101 where {NB101} is there]",
    )
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), help="[all]")
    parser.add_argument("--workers", type=int, default=1, help="processes [1]")
    parser.add_argument("--runs", type=Path, default=RESULTS / "renas_table_runs.jsonl", help="[that of docs/results]")
    parser.add_argument("--out", type=Path, default=RESULTS / "renas_table.json", help="[that of docs/results]")
    parser.add_argument("--summarize", action="store_true", help="measure nothing more")
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    file = RunsFile(args.runs.absolute(), Unit._fields)
    if not args.summarize:
        sets = args.sets or [name for name, part in SETS.items() if part.table != NB101 or (args.root / NB101).exists()]
        units = units_of(sets, args.methods, min(args.seeds, MOST_SEEDS))
        extend(file, args.root, [unit for unit in units if unit not in file.runs], args.workers)
    runs = file.runs
    if not runs:
        parser.error(f"there are no runs in {args.runs}")
    record = {
        **provenance("python benchmarks/renas_table.py data/tabular"),
        "commit": commits(list(runs.values())),
        "seeds": sorted({run["seed"] for run in runs.values()}),
        "samples": SAMPLES,
        "sets": sets_of(args.root, runs),
        "minutes": sum(run["seconds"] for run in runs.values()) / 60,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")
    print(f"{record['minutes']:.1f} minutes of training")


if __name__ == "__main__":
    main()
