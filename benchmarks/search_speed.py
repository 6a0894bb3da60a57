"""What each optimization of a search gains over the reference implementation: time, memory, and order of candidates.

`python benchmarks/search_speed.py` trains and scores the same candidates from the same weights on the same images and
draws in every row: the reference implementation (a full supernet per candidate, PIL in two workers, a wait in each
step, gradients recorded in evaluation), then one optimization after the other, and other ways of execution.  On a CUDA
device it has rows for CUDA graphs and for `backend='triton'`, and repeats the first one, since PyTorch's sums there
have no fixed order.  Fills docs/results/search_speed.json, on CUDA docs/results/search_speed_cuda.json.
"""

import argparse
import json
import pickle
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import reference_search
import torch
from resident import peak_resident_bytes, resident_bytes
from torch import Tensor
from torch.utils.data import DataLoader

from relnas_mm.architectures import Genotype
from relnas_mm.datasets.arrays import ImageArrays, epoch_batches
from relnas_mm.evaluators import SupernetEvaluator
from relnas_mm.evaluators.training import evaluate, train_one_epoch
from relnas_mm.files import write_atomically
from relnas_mm.predictors import kendall_tau
from relnas_mm.provenance import provenance
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import Candidate, Group

ROOT = Path(__file__).resolve().parents[1]
SEED = 0
PROGRESS = 0.5
Losses = Callable[[SupernetEvaluator, list[Candidate]], list[float]]
"""Losses of the candidates of a pair, each trained from the evaluator's weights, which stay as they are."""


@dataclass(frozen=True)
class Row:
    """How the candidates of a row are trained and scored.

    Args:
        execution: Fields of `ExecutionConfig`.
        losses: What trains them.
    """

    execution: dict[str, Any] = field(default_factory=dict)
    losses: Losses = field(default_factory=lambda: search_losses)


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


def pil_batches(
    subject: SupernetEvaluator, data: ImageArrays, purpose: str, number: int
) -> Iterable[tuple[Tensor, Tensor]]:
    """The draws of `epoch_batches`, applied by PIL in worker processes."""
    generator = torch_stream(SEED, purpose, 0, number)
    order = torch.randperm(len(data), generator=generator)
    draws = subject.augmentation.draw(len(data), (32, 32), generator)
    images = reference_search.PilImages(data.to("cpu"), order, subject.augmentation, draws)
    # With a generator of its own the loader leaves the stream of drop path alone.
    loader = DataLoader(images, subject.config.batch_size, num_workers=2, generator=torch.Generator())
    return ((images.to(subject.device), labels.to(subject.device)) for images, labels in loader)


def supernet_losses(
    subject: SupernetEvaluator, pair: list[Candidate], ready_batches: bool = False, waiting: bool = False
) -> list[float]:
    """Builds, loads, trains and scores a full supernet for each candidate.

    Args:
        subject: Has the data, the weights and the settings of the training.
        pair: The candidates.
        ready_batches: Batches augmented on the device; else by PIL in workers.
        waiting: The loops of the reference implementation, which wait for the loss in each step and record gradients
            in evaluation.
    """
    return [_supernet_loss(subject, candidate, ready_batches, waiting) for candidate in pair]


def _supernet_loss(subject: SupernetEvaluator, candidate: Candidate, ready_batches: bool, waiting: bool) -> float:
    shape, number, config = subject.shape, candidate.number, subject.config

    def batches(data: ImageArrays, purpose: str) -> Iterable[tuple[Tensor, Tensor]]:
        if not ready_batches:
            return pil_batches(subject, data, purpose, number)
        return epoch_batches(data, config.batch_size, torch_stream(SEED, purpose, 0, number), subject.augmentation)

    supernet = reference_search.Supernet(shape.init_channels, shape.num_cells, shape.num_classes).to(subject.device)
    supernet.load_state_dict(subject.weights.tensors)
    torch.manual_seed(stream_seed(SEED, "drop path", 0, number))
    training, rate = batches(subject.train_data, "training"), config.drop_path_at(PROGRESS)
    validation = batches(subject.validation_data, "validation")
    if waiting:
        reference_search.train(supernet, candidate.architecture, training, config.lr_at(PROGRESS), rate)
        return reference_search.infer(supernet, candidate.architecture, validation)
    path = CandidatePath(supernet, candidate.architecture, rate)
    train_one_epoch(path, config.optimizer(list(supernet.parameters()), PROGRESS), training, config.grad_clip)
    return evaluate(path, validation)[0]


class CandidatePath(torch.nn.Module):
    """The path of a candidate through a full supernet."""

    def __init__(self, supernet: reference_search.Supernet, genotype: Genotype, rate: float):
        super().__init__()
        self.supernet, self.genotype, self.rate = supernet, genotype, rate

    def forward(self, images: Tensor) -> Tensor:
        return self.supernet(images, self.genotype, self.rate)


def search_losses(subject: SupernetEvaluator, pair: list[Candidate]) -> list[float]:
    """What a search does; the shared weights would change at the end of the generation, which never comes."""
    (evaluations,) = subject.evaluate([Group(0, 0, 2, PROGRESS, tuple(pair))])
    return [evaluation.loss for evaluation in evaluations]


def on_one_thread(subject: SupernetEvaluator, pair: list[Candidate]) -> list[float]:
    """The same with one thread: what rounding alone does to losses."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return search_losses(subject, pair)
    finally:
        torch.set_num_threads(threads)


AUTO = {"backend": "auto", "channels_last": True}
ROWS = {
    "reference implementation": Row(losses=partial(supernet_losses, waiting=True)),
    "+ no sync per step, evaluation under `no_grad`": Row(losses=supernet_losses),
    "+ images on the device, batched augmentation": Row(losses=partial(supernet_losses, ready_batches=True)),
    "+ only the candidate's operations (plain config)": Row(),
    "+ channels_last": Row({"channels_last": True}),
    "+ bfloat16": Row({"autocast": "bfloat16"}),
}
CPU_ROWS = {
    "plain config on one thread (noise floor)": Row(losses=on_one_thread),
    "+ channels_last, `backend='auto'`": Row(AUTO),
    "+ channels_last, 2 parallel candidates": Row({"channels_last": True, "parallel_candidates": 2}),
    "+ channels_last, `backend='auto'`, 2 parallel candidates": Row({**AUTO, "parallel_candidates": 2}),
}
GRAPHS = {"cuda_graphs": True}
TRITON = {**GRAPHS, "backend": "triton"}
CUDA_ROWS = {
    "reference implementation, repeated": Row(losses=partial(supernet_losses, waiting=True)),
    "+ channels_last, bfloat16": Row({"channels_last": True, "autocast": "bfloat16"}),
    "+ CUDA graphs": Row(GRAPHS),
    "+ CUDA graphs, 2 parallel candidates": Row({**GRAPHS, "parallel_candidates": 2}),
    "+ CUDA graphs, channels_last, bfloat16": Row({**GRAPHS, "channels_last": True, "autocast": "bfloat16"}),
    "+ CUDA graphs, `backend='triton'`": Row(TRITON),
    "+ CUDA graphs, `backend='triton'`, 2 parallel candidates": Row({**TRITON, "parallel_candidates": 2}),
    "+ CUDA graphs, `backend='triton'`, 2 parallel candidates, bfloat16": Row(
        {**TRITON, "parallel_candidates": 2, "autocast": "bfloat16"}
    ),
}


class Subjects:
    """The evaluators of the rows: the same data and weights, each with the execution of its row.

    Args:
        args: Size of the network, of the data and of batches; the device.
        noise: Folder of the images where none are given.
    """

    def __init__(self, args: argparse.Namespace, noise: str):
        self._data = {"type": "cifar10", "data_root": args.data_root or noise, "num_classes": None}
        self._network = {"init_channels": args.channels, "num_cells": args.cells}
        self._args = args
        self._state: dict[str, Tensor] = {}

    def of(
        self, row: Row, images: int | None = None, batch_size: int | None = None, write_back: str = "generation"
    ) -> SupernetEvaluator:
        """A new evaluator for a row; its weights stay as they are unless they are written back after each group."""
        subject = SupernetEvaluator(
            {**self._data, "limit": images or self._args.images},
            self._network,
            {"batch_size": batch_size or self._args.batch_size},
            row.execution,
            write_back=write_back,
            seed=SEED,
            device=self._args.device,
        )
        if self._state:
            subject.load_state_dict(self._state)
        return subject

    def train_weights(self, pairs: int) -> None:
        """Other candidates train the shared weights first, as in a search: all rows then start from there."""
        subject = self.of(Row(AUTO), write_back="group")
        for index, pair in enumerate(pairs_of(2 * pairs, SEED + 1)):
            subject.evaluate([Group(0, index, pairs, PROGRESS, tuple(pair))])
            print(f"weights: pair {index + 1}/{pairs}", file=sys.stderr, flush=True)
        self._state = subject.state_dict()


def pairs_of(number: int, seed: int = SEED) -> list[list[Candidate]]:
    space = CellSpace()
    vectors = space.sample(np.random.default_rng(seed), number)
    candidates = [Candidate(number, vector, space.decode(vector)) for number, vector in enumerate(vectors)]
    return [candidates[start : start + 2] for start in range(0, len(candidates), 2)]


def peak_memory(name: str) -> float:
    """MiB that a row needs beyond weights, images and libraries, from a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--memory-of", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def print_memory(row: Row, subjects: Subjects, pair: list[Candidate]) -> None:
    """Prints what `peak_memory` reads."""
    row.losses(subjects.of(row, images=100, batch_size=10), pair)  # loads libraries
    subject = subjects.of(row)
    before = resident_bytes()
    row.losses(subject, pair)
    print((peak_resident_bytes() - before) / 2**20)


def peak_cuda_memory(row: Row, subject: SupernetEvaluator, pair: list[Candidate]) -> float:
    """The same on CUDA, where the allocator knows; it also compiles and loads what the row needs."""
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    row.losses(subject, pair)
    return (torch.cuda.max_memory_allocated() - before) / 2**20


def measure(args: argparse.Namespace, rows: dict[str, Row], subjects: Subjects) -> Iterator[dict[str, Any]]:
    """The table as far as it is known, after each pair of candidates."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    losses: dict[str, list[float]] = {name: [] for name in rows}
    pairs, evaluators = pairs_of(args.candidates), {name: subjects.of(row) for name, row in rows.items()}
    one = next(iter(evaluators.values()))
    images = len(one.train_data) + len(one.validation_data)
    memory = {
        name: peak_cuda_memory(row, evaluators[name], pairs[0]) if args.device == "cuda" else peak_memory(name)
        for name, row in rows.items()
    }
    begun = time.perf_counter()
    for number, pair in enumerate(pairs):
        for name, row in rows.items():  # side by side, so that other load on the machine falls on all
            start = time.perf_counter()
            losses[name] += row.losses(evaluators[name], pair)
            seconds[name].append((time.perf_counter() - start) / len(pair))
        left = (time.perf_counter() - begun) / (number + 1) * (len(pairs) - number - 1)
        print(f"pair {number + 1}/{len(pairs)}  eta {left:.0f} s", file=sys.stderr, flush=True)
        yield table_of(seconds, losses, memory, images)


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
        subjects = Subjects(args, folder)
        if args.memory_of:
            print_memory(rows[args.memory_of], subjects, pairs_of(args.candidates)[0])
            return
        subjects.train_weights(args.trained_pairs)
        origin = provenance(shlex.join(["python", "benchmarks/search_speed.py", *sys.argv[1:]]))
        for number, table in enumerate(measure(args, rows, subjects), 1):  # kept, should it be stopped
            write(args, origin, min(2 * number, args.candidates), table)
    for name, row in table.items():
        print(f"{name:68s}", *(f"{value:10.4g}" for value in row.values()))


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
