"""Do cheap scores tell which of two architectures is better?  `python benchmarks/fidelity.py DATA TABLE`.

DATA holds cifar-10-batches-py, TABLE is NAS-Bench-201 as CSV: the true accuracy of all 15,625 cells.  For each method
and seed, the same random cells are scored in pairs, as a search scores them:

- with shared weights, at half and at the end of a search by slow-fast learning, as released and with options; the
  pairs of the search itself are counted too;
- after stand-alone training for as many images, and by zero-cost proxies.

Each method and seed is one line of docs/results/fidelity_runs.jsonl as soon as it is measured; the same command goes on
where an earlier one was stopped.  `--scale full --device cuda` is the scale of the benchmark itself.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from runs_file import RESULTS, RunsFile, commits

from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.evaluators import Evaluation, Evaluator, StandAloneEvaluator, SupernetEvaluator, ZeroCostEvaluator
from relnas_mm.evaluators.tabular.tables import Table, shared_columns
from relnas_mm.files import write_json
from relnas_mm.networks.nasbench201 import NB201_EDGES, NB201_OPERATIONS
from relnas_mm.predictors import kendall_tau
from relnas_mm.provenance import provenance
from relnas_mm.search import RunStore, SearchRun
from relnas_mm.search.records import CANDIDATE
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import NASBench201Space
from relnas_mm.strategies import Candidate, Group, SlowFastLearning

TRUTH, EPOCHS_12 = "c10_test200", "c10_test12"
CELLS = len(NB201_OPERATIONS) ** len(NB201_EDGES)
RANDOM_CELLS = 48
PROBES = (0.5, 1.0)
"""Shares of the search after which random cells are scored."""
SCALES: dict[str, dict[str, Any]] = {
    "small": dict(
        data=dict(limit=2000, size=16),
        network=dict(init_channels=8, num_cells=3),
        training=dict(batch_size=32, drop_path_rate=0.0),
        augmentation=dict(padding=2, cutout=4),
        search=dict(population_size=16, generations=12),
    ),
    "full": dict(
        data=dict(),
        network=dict(init_channels=16, num_cells=15),
        training=dict(batch_size=256, drop_path_rate=0.0),
        augmentation=dict(),
        search=dict(population_size=20, generations=50),
    ),
}
SHARED: dict[str, dict[str, Any]] = {
    "as released": {},
    "statistics recomputed": dict(scoring=dict(recalibration_batches=16)),
    "same batches": dict(scoring=dict(paired=True)),
    "validation not augmented": dict(augment_validation=False),
    "averaged weights": dict(scoring=dict(ema_decay=0.9)),
    "a quarter of the learning rate": dict(training=dict(lr=0.025)),
    "warm-up": dict(warmup_epochs=16),
    "races": dict(scoring=dict(race=(0.5, 1, 2), paired=True)),
    "all of these": dict(
        scoring=dict(recalibration_batches=16, paired=True, ema_decay=0.9),
        augment_validation=False,
        training=dict(lr=0.025),
        warmup_epochs=16,
    ),
}
"""Options of `SupernetEvaluator`."""
ALONE = "stand-alone training, one epoch"
PROXIES = {"parameters": "params", "multiply-adds": "macs", "synflow": "synflow", "naswot": "naswot"}
REAL = "12 epochs of the benchmark"
METHODS = (*SHARED, ALONE, *PROXIES, REAL)


class Pair(NamedTuple):
    """Two cells that were compared.

    Args:
        gap: Difference of their true accuracies in percent.
        right: 1 if the score favours the better one, 0 if the other, 0.5 if neither.
    """

    gap: float
    right: float


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of cifar-10-batches-py")
    parser.add_argument("table", type=Path, help="NAS-Bench-201 as CSV")
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="METHOD")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    table = shared_columns(args.table, (TRUTH, EPOCHS_12))
    if len(table) != CELLS:
        raise UserError(f"the table {str(args.table)!r} has {len(table):,} cells; NAS-Bench-201 has {CELLS:,}")
    file = RunsFile("fidelity_runs.jsonl", ("scale", "method", "seed"))
    for seed in args.seeds:
        for method in args.methods:
            key = args.scale, method, seed
            if key not in file.runs:
                start = time.perf_counter()
                found = Bench(args, table, seed).run(method)
                file.add(key, {**found, "seconds": time.perf_counter() - start, "device": args.device})
            print(f"seed {seed}, {method}: {describe(file.runs[key])}", flush=True)
    summarize(args, [line for line in file.runs.values() if line["scale"] == args.scale])


def describe(line: Mapping[str, Any]) -> str:
    parts = [f"{where}: tau {figures['tau']:.2f}" for where, figures in line["random"].items()]
    return f"{', '.join(parts)}; {line['seconds']:.0f} s"


class Bench:
    """What is measured with one seed."""

    def __init__(self, args: argparse.Namespace, table: Table, seed: int):
        self.scale, self.device, self.seed, self.table = SCALES[args.scale], args.device, seed, table
        self.space = NASBench201Space()
        self.data = {"type": "cifar10", "data_root": str(args.data), "num_classes": 10, **self.scale["data"]}
        vectors = self.space.sample(numpy_stream(seed, "random cells"), RANDOM_CELLS)
        self.cells = [Candidate(number, each, self.space.decode(each)) for number, each in enumerate(vectors)]

    def run(self, method: str) -> dict[str, Any]:
        """Figures of a method: over random cells by the place where they were scored, and the pairs of its search."""
        if method in SHARED:
            return self._shared(SHARED[method])
        if method == ALONE:
            settings = {key: self.scale[key] for key in ("network", "training", "augmentation")}
            return self._once(StandAloneEvaluator(self.data, **settings, seed=self.seed, device=self.device))
        if method == REAL:
            return {"random": {"once": self._figures([-self.table[str(one.architecture)][1] for one in self.cells])}}
        settings = dict(proxy=PROXIES[method], network=self.scale["network"], seed=self.seed, device=self.device)
        return self._once(ZeroCostEvaluator(self.data, **settings))

    def _once(self, evaluator: Evaluator) -> dict[str, Any]:
        scored = [each for pair in evaluator.evaluate(self._pairs(0, 1.0)) for each in pair]
        return {"random": {"once": self._figures([each.loss for each in scored])}}

    def _shared(self, options: Mapping[str, Any]) -> dict[str, Any]:
        settings = {key: self.scale[key] for key in ("network", "training", "augmentation")}
        settings |= {
            key: {**settings.get(key, {}), **value} if isinstance(value, dict) else value
            for key, value in options.items()
        }
        evaluator = SupernetEvaluator(self.data, **settings, space=self.space, seed=self.seed, device=self.device)
        strategy = SlowFastLearning(self.space, **self.scale["search"], seed=self.seed)
        probes: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder:
            run = SearchRun(self.space, strategy, evaluator, RunStore(folder, save_every=math.inf))
            waiting = list(PROBES)
            while not strategy.done:
                run.run_round()
                while waiting and run.progress.done >= waiting[0] * run.progress.total:
                    share = waiting.pop(0)
                    scored = self._probe(evaluator, share)
                    name = f"{100 * share:.0f} %"
                    probes[name] = self._figures([each.loss for each in scored])
                    probes[f"{name}, training loss"] = self._figures([each.metrics["train_loss"] for each in scored])
            lines = run.store.records.of_type(CANDIDATE)
        groups: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for line in lines:
            groups.setdefault((line["generation"], line["group"]), []).append(line)
        duels = [two for two in groups.values() if len(two) == 2]
        names = [[line["architecture"]["name"] for line in two] for two in duels]
        losses = [[line["loss"] for line in two] for two in duels]
        return {"random": probes, "search": list(map(self._pair, names, losses))}

    def _probe(self, evaluator: Evaluator, share: float) -> list[Evaluation]:
        """Scores the random cells as the search would now, and leaves the shared weights as they are."""
        state = evaluator.state_dict()
        scored = []
        for group in self._pairs(10_000 + round(100 * share), share):
            (results,) = evaluator.evaluate([group])
            evaluator.load_state_dict(state)
            scored += results
        return scored

    def _pairs(self, generation: int, progress: float) -> list[Group]:
        pairs = [tuple(self.cells[place : place + 2]) for place in range(0, len(self.cells), 2)]
        return [Group(generation, index, len(pairs), progress, pair) for index, pair in enumerate(pairs)]

    def _figures(self, losses: Sequence[float]) -> dict[str, Any]:
        """Kendall's tau over the random cells, and the pairs in which they were scored."""
        names = [str(one.architecture) for one in self.cells]
        finite = np.nan_to_num(np.array(losses, dtype=float), nan=np.inf)
        truth = [self.table[name][0] for name in names]
        pairs = [self._pair(names[place : place + 2], losses[place : place + 2]) for place in range(0, len(names), 2)]
        return {"tau": kendall_tau(-finite, truth), "pairs": pairs}

    def _pair(self, names: Sequence[str], losses: Sequence[float]) -> Pair:
        first, second = (self.table[name][0] for name in names)
        if losses[0] == losses[1] or first == second:
            return Pair(abs(first - second), 0.5)
        return Pair(abs(first - second), float((losses[0] < losses[1]) == (first > second)))


def summarize(args: argparse.Namespace, lines: list[dict[str, Any]]) -> None:
    """Writes the record of a scale."""
    space, rng = NASBench201Space(), numpy_stream(0, "gaps")
    table = shared_columns(args.table, (TRUTH, EPOCHS_12))
    draws = [table[str(space.decode(each))][0] for each in space.sample(rng, 20_000)]
    low, middle, high = np.percentile(np.abs(np.diff(np.reshape(draws, (-1, 2)), axis=1)), (25, 50, 75))
    rows: dict[str, Any] = {}
    for method in METHODS:
        found = [line for line in lines if line["method"] == method]
        places = [*dict.fromkeys(place for line in found for place in line["random"])]
        for place in places:
            here = [line["random"][place] for line in found]
            pairs = [Pair(*pair) for each in here for pair in each["pairs"]]
            rows[f"{method}, {place}" if place != "once" else method] = {
                "tau": spread([each["tau"] for each in here]),
                "right": share(pairs),
                "right_at_median_gap": share([pair for pair in pairs if low <= pair.gap <= high]),
                "seconds": statistics.mean(line["seconds"] for line in found),
            }
        if pairs := [Pair(*pair) for line in found for pair in line.get("search", ())]:
            rows[f"{method}, pairs of the search"] = {
                "right": share(pairs),
                "right_at_median_gap": share([pair for pair in pairs if low <= pair.gap <= high]),
            }
    words = "python benchmarks/fidelity.py data/cifar10-mini data/tabular/combined/nasbench201_full.csv"
    words += "" if args.scale == "small" else f" --scale {args.scale} --device {args.device}"
    record = {
        **provenance(words),
        "commit": commits(lines),
        "seeds": sorted({line["seed"] for line in lines}),
        "settings": SCALES[args.scale],
        "random_cells": RANDOM_CELLS,
        "gaps": [low, middle, high],
        "rows": rows,
    }
    out = RESULTS / ("fidelity.json" if args.scale == "small" else f"fidelity_{args.scale}.json")
    write_json(out, record, f"the record {str(out)!r}")


def share(pairs: Sequence[Pair]) -> list[float]:
    """Share of right pairs, its 95 % interval (Wilson), and the number of pairs."""
    if not pairs:
        return []
    count, right, z = len(pairs), statistics.mean(pair.right for pair in pairs), 1.96
    centre, width = right + z**2 / (2 * count), z * math.sqrt(right * (1 - right) / count + z**2 / (4 * count**2))
    scale = 1 + z**2 / count
    return [right, (centre - width) / scale, (centre + width) / scale, count]


def spread(values: Sequence[float]) -> list[float | None]:
    return [statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None]


if __name__ == "__main__":
    main()
