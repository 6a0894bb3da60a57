"""What each measure gains over the released arrangement, in one process: time, memory, and the order of candidates.

`python benchmarks/search_speed.py` trains and scores the same candidates from the same weights on the same images and
draws in every row: the released arrangement (a full supernet per candidate, PIL in two workers, a wait in each step,
scores with gradients on), then one measure after the other.  On a CUDA device it has rows for CUDA graphs and for the
kernels of `relnas_mm.backends.triton`, and repeats the first one, since PyTorch's sums there have no fixed order.
Fills docs/results/search_speed.json, on CUDA docs/results/search_speed_cuda.json.
"""

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import slow_reference
import torch
from resident import peak_resident_bytes, resident_bytes
from torch.utils.data import DataLoader

from relnas_mm.datasets.arrays import epoch_batches
from relnas_mm.evaluators import SupernetEvaluator
from relnas_mm.evaluators.execution import Execution, Lane
from relnas_mm.evaluators.training import score, train_one_pass
from relnas_mm.files import write_atomically
from relnas_mm.predictors import kendall_tau
from relnas_mm.provenance import provenance
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import Candidate, Group

ROOT = Path(__file__).resolve().parents[1]
SEED = 0
PROGRESS = 0.5
Row = Callable[[SupernetEvaluator, list[Candidate]], list[float]]
"""Losses of the candidates of a pair, each trained from the evaluator's weights."""


def write_images(folder: Path, n: int) -> None:
    """Noise in the CIFAR-10 layout: what is timed does not depend on the pixels."""
    rng = np.random.default_rng(0)
    target = folder / "cifar-10-batches-py"
    target.mkdir(parents=True)
    for name in [f"data_batch_{k}" for k in range(1, 6)]:
        content = {
            "data": rng.integers(0, 256, (n // 5, 3072), dtype=np.uint8),
            "labels": [k % 10 for k in range(n // 5)],
        }
        (target / name).write_bytes(pickle.dumps(content))
    (target / "batches.meta").write_bytes(pickle.dumps({"label_names": [str(k) for k in range(10)]}))


def pil_batches(subject: SupernetEvaluator, data, purpose: str, number: int) -> Iterable:
    """The draws of `epoch_batches`, applied by PIL in worker processes."""
    generator = torch_stream(SEED, purpose, 0, number)
    order = torch.randperm(len(data), generator=generator)
    draws = subject.augmentation.draw(len(data), (32, 32), generator)
    images = slow_reference.PilImages(data.to("cpu"), order, subject.augmentation, draws)
    # With a generator of its own the loader leaves the stream of drop path alone.
    loader = DataLoader(images, subject.recipe.batch_size, num_workers=2, generator=torch.Generator())
    return ((images.to(subject.device), labels.to(subject.device)) for images, labels in loader)


def supernet_losses(
    subject: SupernetEvaluator, pair: list[Candidate], ready_batches: bool = False, waiting: bool = False
) -> list[float]:
    """Builds, loads, trains and scores a full supernet for each candidate.

    Args:
        subject: Has the data, the weights and the recipe.
        pair: The candidates.
        ready_batches: Batches augmented on the device; else by PIL in workers.
        waiting: The released loops, which wait for the loss in each step and score with gradients on.
    """
    return [_supernet_loss(subject, candidate, ready_batches, waiting) for candidate in pair]


def _supernet_loss(subject: SupernetEvaluator, candidate: Candidate, ready_batches: bool, waiting: bool) -> float:
    shape, number, recipe = subject.shape, candidate.number, subject.recipe

    def batches(data, purpose):
        if not ready_batches:
            return pil_batches(subject, data, purpose, number)
        return epoch_batches(data, recipe.batch_size, torch_stream(SEED, purpose, 0, number), subject.augmentation)

    supernet = slow_reference.Supernet(shape.init_channels, shape.num_cells, shape.num_classes).to(subject.device)
    supernet.load_state_dict(subject.weights.tensors)
    torch.manual_seed(stream_seed(SEED, "drop path", 0, number))
    training, rate = batches(subject.train_data, "training"), recipe.drop_path_at(PROGRESS)
    validation = batches(subject.validation_data, "validation")
    if waiting:
        slow_reference.train(supernet, candidate.architecture, training, recipe.lr_at(PROGRESS), rate)
        return slow_reference.infer(supernet, candidate.architecture, validation)
    chosen = ChosenPath(supernet, candidate.architecture, rate)
    train_one_pass(chosen, recipe.optimizer(list(supernet.parameters()), PROGRESS), training, recipe.clip)
    return score(chosen, validation)[0]


class ChosenPath(torch.nn.Module):
    """The path of a candidate through a full supernet."""

    def __init__(self, supernet: slow_reference.Supernet, genotype, rate: float):
        super().__init__()
        self.supernet, self.genotype, self.rate = supernet, genotype, rate

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.supernet(images, self.genotype, self.rate)


def train_weights(subject: SupernetEvaluator, pairs: int) -> None:
    """Other candidates train the shared weights first, as in a search: all rows then start from there."""
    plain = subject.recipe
    subject.recipe = replace(plain, **FAST)
    for index, pair in enumerate(pairs_of(2 * pairs, SEED + 1)):
        subject.evaluate(Group(0, index, pairs, PROGRESS, tuple(pair)))
        print(f"weights: pair {index + 1}/{pairs}", file=sys.stderr, flush=True)
    subject.recipe = plain


@cache
def lanes(execution: Execution, device: torch.device) -> list[Lane]:
    """Kept from pair to pair, as a search keeps them."""
    return execution.lanes(device)


def lean_losses(subject: SupernetEvaluator, pair: list[Candidate], **recipe: Any) -> list[float]:
    """What a search does, with some fields of its recipe replaced."""
    subject.recipe = replace(subject.recipe, **recipe)
    subject.lanes = lanes(subject.recipe.execution, subject.device)
    group = Group(0, 0, 1, PROGRESS, tuple(pair))
    return [evaluation.loss for evaluation, _ in subject._all_learned([(group, candidate) for candidate in pair])]


def on_one_thread(row: Row, subject: SupernetEvaluator, pair: list[Candidate]) -> list[float]:
    """The same with one thread: what rounding alone does to losses."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return row(subject, pair)
    finally:
        torch.set_num_threads(threads)


PLAIN = {
    "channels_last": False,
    "bit_exact": True,
    "kernels": "torch",
    "autocast": None,
    "cuda_graph": False,
    "streams": 1,
    "keep_memory": False,
}
LAST = {**PLAIN, "channels_last": True}
ROWS: dict[str, Row] = {
    "released arrangement": partial(supernet_losses, waiting=True),
    "no waiting, scores without gradients": supernet_losses,
    "+ images on the device, augmented in batches": partial(supernet_losses, ready_batches=True),
    "+ lean candidates (the plain config)": partial(lean_losses, **PLAIN),
    "+ channels_last": partial(lean_losses, **LAST),
    "+ bfloat16": partial(lean_losses, **{**PLAIN, "autocast": "bfloat16"}),
}
FAST = {**LAST, "bit_exact": False}
CPU_ROWS: dict[str, Row] = {
    "the plain config, on one thread": partial(on_one_thread, partial(lean_losses, **PLAIN)),
    "+ channels_last, not bit-exact": partial(lean_losses, **FAST),
    "+ channels_last, both learners at once": partial(lean_losses, **{**LAST, "streams": 2}),
    "+ channels_last, not bit-exact, both at once": partial(lean_losses, **{**FAST, "streams": 2}),
    "+ all of these, memory kept": partial(lean_losses, **{**FAST, "streams": 2, "keep_memory": True}),
}
GRAPH = {**PLAIN, "cuda_graph": True}
KERNELS = {**GRAPH, "bit_exact": False, "kernels": "triton"}
CUDA_ROWS: dict[str, Row] = {
    "released arrangement, repeated": partial(supernet_losses, waiting=True),
    "+ channels_last, bfloat16": partial(lean_losses, **{**LAST, "autocast": "bfloat16"}),
    "+ CUDA graph": partial(lean_losses, **GRAPH),
    "+ CUDA graph, both learners at once": partial(lean_losses, **{**GRAPH, "streams": 2}),
    "+ CUDA graph, channels_last, bfloat16": partial(
        lean_losses, **{**LAST, "cuda_graph": True, "autocast": "bfloat16"}
    ),
    "+ CUDA graph, Triton kernels": partial(lean_losses, **KERNELS),
    "+ CUDA graph, Triton kernels, both at once": partial(lean_losses, **{**KERNELS, "streams": 2}),
    "+ CUDA graph, Triton kernels, both at once, bfloat16": partial(
        lean_losses, **{**KERNELS, "streams": 2, "autocast": "bfloat16"}
    ),
}
"""Rows that need a CUDA device."""


def subject_of(args: argparse.Namespace, noise: str) -> SupernetEvaluator:
    data = {"type": "cifar10", "data_root": args.data_root or noise, "num_classes": None, "limit": args.images}
    network = {"init_channels": args.channels, "num_cells": args.cells}
    return SupernetEvaluator(data, network, {"batch_size": args.batch_size}, seed=SEED, device=args.device)


def pairs_of(number: int, seed: int = SEED) -> list[list[Candidate]]:
    space = CellSpace()
    vectors = space.sample(np.random.default_rng(seed), number)
    candidates = [Candidate(number, vector, space.decode(vector)) for number, vector in enumerate(vectors)]
    return [candidates[start : start + 2] for start in range(0, len(candidates), 2)]


def peak_memory(args: argparse.Namespace, name: str) -> float:
    """MiB that a row needs beyond weights, images and libraries, from a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--memory-of", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def print_memory(args: argparse.Namespace, row: Row, subject: SupernetEvaluator, noise: str) -> None:
    pair = pairs_of(args.candidates)[0]
    row(subject_of(argparse.Namespace(**{**vars(args), "images": 40, "batch_size": 4}), noise), pair)  # loads libraries
    before = resident_bytes()
    row(subject, pair)
    print((peak_resident_bytes() - before) / 2**20)


def peak_cuda_memory(row: Row, subject: SupernetEvaluator, pair: list[Candidate]) -> float:
    """The same on CUDA, where the allocator knows; it also compiles and loads what the row needs."""
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    row(subject, pair)
    return (torch.cuda.max_memory_allocated() - before) / 2**20


def measure(args: argparse.Namespace, rows: dict[str, Row], subject: SupernetEvaluator) -> Iterator[dict[str, Any]]:
    """The table as far as it is known, after each pair of candidates."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    losses: dict[str, list[float]] = {name: [] for name in rows}
    pairs = pairs_of(args.candidates)
    memory = {
        name: peak_cuda_memory(row, subject, pairs[0]) if args.device == "cuda" else peak_memory(args, name)
        for name, row in rows.items()
    }
    begun = time.perf_counter()
    for number, pair in enumerate(pairs):
        for name, row in rows.items():  # side by side, so that other load on the machine falls on all
            start = time.perf_counter()
            losses[name] += row(subject, pair)
            seconds[name].append((time.perf_counter() - start) / len(pair))
        left = (time.perf_counter() - begun) / (number + 1) * (len(pairs) - number - 1)
        print(f"pair {number + 1}/{len(pairs)}  eta {left:.0f} s", file=sys.stderr, flush=True)
        yield table_of(seconds, losses, memory, len(subject.train_data) + len(subject.validation_data))


def table_of(
    seconds: dict[str, list[float]], losses: dict[str, list[float]], memory: dict[str, float], images: int
) -> dict[str, Any]:
    first = next(iter(seconds))
    return {
        name: {
            "seconds_per_candidate": float(np.median(seconds[name])),
            "images_per_second": images / float(np.median(seconds[name])),
            "speed_up": float(np.median(np.divide(seconds[first], seconds[name]))),
            "peak_memory_mib": memory[name],
            "kendall_tau": kendall_tau(losses[first], losses[name]),
            "largest_difference_of_losses": float(np.abs(np.subtract(losses[name], losses[first])).max()),
        }
        for name in seconds
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-root", help="folder with cifar-10-batches-py [noise]")
    parser.add_argument("--images", type=int, default=1000, help="training and validation together [%(default)s]")
    parser.add_argument("--channels", type=int, default=16, help="[%(default)s]")
    parser.add_argument("--cells", type=int, default=8, help="[%(default)s]")
    parser.add_argument("--batch-size", type=int, default=64, help="[%(default)s]")
    parser.add_argument("--candidates", type=int, default=20, help="[%(default)s]")
    parser.add_argument(
        "--trained-pairs", type=int, default=0, help="other pairs that train the weights first [%(default)s]"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="[%(default)s]")
    parser.add_argument("--rows", nargs="+", default=[""], help="only those whose names contain one of these [all]")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="[docs/results/search_speed.json, on CUDA search_speed_cuda.json]")
    args = parser.parse_args()
    rows = {**ROWS, **(CUDA_ROWS if args.device == "cuda" else CPU_ROWS)}
    first, *others = rows
    rows = {name: rows[name] for name in [first, *(n for n in others if any(part in n for part in args.rows))]}
    with tempfile.TemporaryDirectory() as folder:
        if not args.data_root:
            write_images(Path(folder), args.images)
        subject = subject_of(args, folder)
        if args.memory_of:
            print_memory(args, rows[args.memory_of], subject, folder)
            return
        train_weights(subject, args.trained_pairs)
        origin = provenance(" ".join(["python benchmarks/search_speed.py", *sys.argv[1:]]))
        for number, table in enumerate(measure(args, rows, subject), 1):  # kept, should it be stopped
            write(args, origin, min(2 * number, args.candidates), table)
    for name, row in table.items():
        print(f"{name:48s}", *(f"{value:10.4g}" for value in row.values()))


def write(args: argparse.Namespace, origin: dict[str, Any], candidates: int, table: dict[str, Any]) -> None:
    name = "search_speed_cuda.json" if args.device == "cuda" else "search_speed.json"
    setting = {key: getattr(args, key) for key in ("images", "channels", "cells", "batch_size", "trained_pairs")}
    record = {
        **origin,
        "seeds": [SEED],
        "setting": {
            **setting,
            "candidates": candidates,
            "threads": torch.get_num_threads(),
            "images_are": "CIFAR-10" if args.data_root else "noise",
        },
        "rows": table,
    }
    write_atomically(args.out or ROOT / "docs" / "results" / name, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
