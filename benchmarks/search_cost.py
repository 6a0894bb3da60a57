"""How time and memory of a search grow with its size; fills docs/results/search_cost.json and its plot.

Channels, cells and image size: seconds per candidate and the growth of resident memory, each in a process of its own,
beside the estimate that a search prints.  Population, generations and processes: wall time of whole searches by
tools/search.py and tools/dist_search.sh, from which the time of a search of one generation is taken off, so that
starting up does not count.  The strategy alone, without training, and the writing of checkpoints are timed apart.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from resident import peak_resident_bytes, resident_bytes
from search_speed import write_images

from relnas_mm.evaluators import SupernetEvaluator
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.search.checkpoints import Checkpointer
from relnas_mm.search.store import RunStore
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import Candidate, Group, SlowFastLearning
from relnas_mm.strategies.slow_fast import slow_fast_update

ROOT = Path(__file__).resolve().parents[1]
PLOT = ROOT / "docs" / "images" / "search_cost.png"
BASE = {"channels": 8, "cells": 5, "size": 32}
VARIED = {"channels": [4, 8, 16, 32], "cells": [3, 8, 14, 20], "size": [16, 32, 64]}
BATCH, IMAGES, CLASSES = 32, 192, 4
SEARCH_IMAGES = 200
"""Of the whole searches, training and validation together."""
SEARCHES = {"population_size": [2, 4, 8, 16], "generations": [2, 4, 8]}
POPULATIONS = [100, 1_000, 10_000, 100_000]


def write_folders(root: Path, size: int) -> None:
    """Noise, a folder for each class, for training and validation."""
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for label in range(CLASSES):
            folder = root / split / f"class{label}"
            folder.mkdir(parents=True)
            for number in range(IMAGES // CLASSES):
                pixels = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")


def one_setting(channels: int, cells: int, size: int, candidates: int = 4) -> dict[str, float]:
    """Seconds per candidate, and MiB: measured, and as a search would print."""
    with tempfile.TemporaryDirectory() as folder:
        write_folders(Path(folder), size)
        data = {"type": "folder", "data_root": folder, "size": size, "num_classes": CLASSES}
        tiny = SupernetEvaluator(data, {"init_channels": 2, "num_cells": 3}, {"batch_size": 4})
        space = CellSpace()
        vectors = space.sample(np.random.default_rng(0), candidates)
        groups = [
            Group(0, n, candidates, 0.5, (Candidate(n, vector, space.decode(vector)),))
            for n, vector in enumerate(vectors)
        ]
        tiny.evaluate(groups[:1])  # loads libraries
        before = resident_bytes()
        subject = SupernetEvaluator(data, {"init_channels": channels, "num_cells": cells}, {"batch_size": BATCH})
        seconds = [subject.evaluate([group])[0][0].metrics["seconds"] for group in groups]
    peak = peak_resident_bytes() - before
    estimate = subject.memory_estimate().total
    return {"seconds": statistics.median(seconds), "memory_mib": peak / 2**20, "estimate_mib": estimate / 2**20}


def in_a_process(setting: dict[str, int]) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", json.dumps(setting)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def search_seconds(
    folder: Path, population_size: int = 8, generations: int = 2, processes: int = 1, write_back: str = "group"
) -> float:
    """Wall time of a whole search."""
    options = {
        "train_cfg.strategy.population_size": population_size,
        "train_cfg.strategy.generations": generations,
        "train_cfg.evaluator.data.data_root": folder / "data",
        "train_cfg.evaluator.data.limit": SEARCH_IMAGES,
        "train_cfg.evaluator.network.init_channels": 8,
        "train_cfg.evaluator.network.num_cells": 5,
        "train_cfg.evaluator.training.batch_size": BATCH,
        "train_cfg.evaluator.write_back": write_back,
    }
    work_dir = folder / "-".join(map(str, (population_size, generations, processes, write_back, time.monotonic_ns())))
    config = str(ROOT / "configs" / "search" / "relativenas_cifar10.py")
    words = ["--work-dir", str(work_dir), "--cfg-options", *(f"{key}={value}" for key, value in options.items())]
    if processes == 1:
        command = [sys.executable, str(ROOT / "tools" / "search.py"), config, *words]
    else:
        command = [str(ROOT / "tools" / "dist_search.sh"), config, str(processes), *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PORT": "29577"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def scaling(folder: Path, repeats: int, generations: int = 3) -> dict[str, Any]:
    """Time of the same generations in one process and in two, and the efficiency of the latter."""
    rows: dict[str, Any] = {}
    for mode in ("group", "4"):
        ratios, seconds = [], {1: [], 2: []}
        for _ in range(repeats):
            for processes in (1, 2):
                short, long = (search_seconds(folder, 8, count, processes, mode) for count in (1, 1 + generations))
                seconds[processes].append((long - short) / generations)
            ratios.append(seconds[1][-1] / seconds[2][-1] / 2)
            print(f"write_back={mode}: efficiency {ratios[-1]:.2f}", flush=True)
        rows[mode] = {
            "seconds_per_generation": {str(count): statistics.median(values) for count, values in seconds.items()},
            "efficiency": statistics.median(ratios),
            "efficiencies": ratios,
        }
    return rows


def strategy_seconds(population: int) -> float:
    """A generation of slow-fast learning without any training."""
    space, rng = CellSpace(), np.random.default_rng(0)
    positions = space.sample(rng, population)
    start = time.process_time()
    students, teachers = rng.permutation(population).reshape(2, -1)
    draws = (rng.random((population // 2, space.upper.size)) for _ in range(2))
    slow_fast_update(positions, np.zeros_like(positions), students, teachers, *draws, space.upper)
    return time.process_time() - start


def checkpoint_seconds(folder: Path) -> float:
    """One checkpoint of a search at the scale of the paper."""
    data = {"type": "cifar10", "data_root": str(folder / "data"), "num_classes": None, "limit": 100}
    subject = SupernetEvaluator(data, {"init_channels": 16, "num_cells": 8})
    store = RunStore(folder / "checkpoints")
    store.open(resume=False)
    checkpointer = Checkpointer(store, SlowFastLearning(CellSpace(), 20, 50), subject)
    seconds = []
    for step in range(5):
        start = time.perf_counter()
        checkpointer.save(step, checkpointer.snapshot())
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def numbers(points: dict[str, Any]) -> list[int]:
    """What was varied, as numbers."""
    return [int(value) for value in points]


def picture(record: dict[str, Any], path: Path) -> None:
    """Seconds and memory against each of what was varied."""
    from matplotlib.figure import Figure

    figure = Figure((11, 6), layout="constrained")
    places = iter(figure.subplots(2, 3).flat)
    for name, points in record["candidate"].items():
        axes = next(places)
        axes.plot(numbers(points), [point["seconds"] for point in points.values()], "o-", color="C0")
        axes.set(xlabel=name, ylabel="s per candidate", xlim=(0, None), ylim=(0, None))
        other = axes.twinx()
        other.plot(
            numbers(points), [point["memory_mib"] for point in points.values()], "s--", color="C1", label="measured"
        )
        other.plot(
            numbers(points), [point["estimate_mib"] for point in points.values()], ":", color="C1", label="estimate"
        )
        other.set_ylabel("MiB", color="C1")
        other.set_ylim(0, None)
        other.legend(loc="lower right", fontsize="small")
    for name, points in record["search"].items():
        axes = next(places)
        axes.plot(numbers(points), points.values(), "o-")
        axes.set(xlabel=name, ylabel="s of the search", xlim=(0, None), ylim=(0, None))
    axes = next(places)
    for label, row in record["processes"].items():
        seconds = row["seconds_per_generation"]
        axes.plot(numbers(seconds), seconds.values(), "o-", label=label)
    axes.set(xlabel="processes", ylabel="s per generation", xlim=(0.5, 2.5), ylim=(0, None), xticks=(1, 2))
    axes.legend(title="write_back", fontsize="small")
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="of the comparison of processes [%(default)s]")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "search_cost.json")
    parser.add_argument("--redraw", action="store_true", help="only the plot, from the figures that are there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.redraw:
        picture(json.loads(args.out.read_text()), PLOT)
        return
    if args.one:
        print(json.dumps(one_setting(**args.one)))
        return
    record: dict[str, Any] = provenance(f"python benchmarks/search_cost.py --repeats {args.repeats}") | {
        "seeds": [0],
        "threads": 1,
    }
    record["setting"] = {**BASE, "batch_size": BATCH, "images": IMAGES, "images_of_searches": SEARCH_IMAGES}
    record["candidate"] = {}
    for name, values in VARIED.items():
        record["candidate"][name] = {str(value): in_a_process({**BASE, name: value}) for value in values}
        print(name, {key: f"{point['seconds']:.2f} s" for key, point in record["candidate"][name].items()}, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_images(folder / "data", SEARCH_IMAGES)
        start_up = search_seconds(folder, 2, 1)
        record["search"] = {}
        for varied, values in SEARCHES.items():
            times = {str(value): search_seconds(folder, **{varied: value}) - start_up for value in values}
            record["search"][varied] = times
            print(varied, {key: f"{seconds:.1f} s" for key, seconds in times.items()}, flush=True)
        record["processes"] = scaling(folder, args.repeats)
        record["checkpoint_seconds"] = checkpoint_seconds(folder)
    record["strategy_seconds"] = {str(population): strategy_seconds(population) for population in POPULATIONS}
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")
    picture(record, PLOT)


if __name__ == "__main__":
    main()
