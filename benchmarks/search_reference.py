"""Seconds per candidate beside a faithful slow reference, in one process, at equal results.

`python benchmarks/search_reference.py` compares, on the same images, draws and weights: the released arrangement (a
full supernet per candidate, PIL in two workers, scores with gradients on), the same with ready batches, and ours plain
and with channels last.  Fills docs/results/search_reference.json.
"""

import argparse
import json
import pickle
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import slow_reference
import torch
from torch.utils.data import DataLoader

from relnas_mm.datasets.arrays import epoch_batches
from relnas_mm.evaluators import WeightSetEvaluator
from relnas_mm.provenance import provenance
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import Candidate

SEED = 0


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


def pil_batches(subject: WeightSetEvaluator, data, purpose: str, number: int, workers: int) -> DataLoader:
    """The draws of `epoch_batches`, applied by PIL in worker processes."""
    generator = torch_stream(SEED, purpose, 0, number)
    order = torch.randperm(len(data), generator=generator)
    draws = subject.augmentation.draw(len(data), (32, 32), generator)
    images = slow_reference.PilImages(data, order, subject.augmentation, draws)
    # With a generator of its own the loader leaves the stream of drop path alone.
    return DataLoader(images, subject.recipe.batch_size, num_workers=workers, generator=torch.Generator())


def reference_candidate(subject: WeightSetEvaluator, candidate: Candidate, workers: int | None) -> float:
    """Builds, loads, trains and scores a full supernet; `workers` is `None` for ready batches."""
    shape, number = subject.shape, candidate.number

    def batches(data, purpose):
        if workers is not None:
            return pil_batches(subject, data, purpose, number, workers)
        stream = torch_stream(SEED, purpose, 0, number)
        return epoch_batches(data, subject.recipe.batch_size, stream, subject.augmentation)

    supernet = slow_reference.Supernet(shape.init_channels, shape.num_cells, shape.num_classes)
    supernet.load_state_dict(subject.weights.tensors)
    torch.manual_seed(stream_seed(SEED, "drop path", 0, number))
    training = batches(subject.train_data, "training")
    slow_reference.train(supernet, candidate.architecture, training, subject.recipe.lr_at(0.5), 0.15)
    return slow_reference.infer(supernet, candidate.architecture, batches(subject.validation_data, "validation"))


def measure(args: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder), args.images)

        def subject(channels_last: bool) -> WeightSetEvaluator:
            return WeightSetEvaluator(
                {"type": "cifar10", "data_root": folder},
                {"init_channels": args.channels, "num_cells": args.cells},
                {"batch_size": args.batch_size, "channels_last": channels_last},
                seed=SEED,
            )

        plain, last = subject(False), subject(True)
        space = CellSpace()
        vectors = space.sample(np.random.default_rng(args.first), args.candidates)
        candidates = [Candidate(number, vector, space.decode(vector)) for number, vector in enumerate(vectors)]
        rows = {
            "released arrangement, PIL in 2 workers": lambda c: reference_candidate(plain, c, 2),
            "released arrangement, ready batches": lambda c: reference_candidate(plain, c, None),
            "ours": lambda c: plain._train_and_score(plain._learner(c, 0.5), 0, c).loss,
            "ours, channels last": lambda c: last._train_and_score(last._learner(c, 0.5), 0, c).loss,
        }
        seconds = {name: [] for name in rows}
        losses = {name: [] for name in rows}
        for candidate in candidates:
            for name, row in rows.items():  # side by side, so that other load on the machine falls on all
                start = time.perf_counter()
                losses[name].append(row(candidate))
                seconds[name].append(time.perf_counter() - start)
    first = next(iter(rows))
    return {
        **provenance(" ".join(["python benchmarks/search_reference.py", *sys.argv[1:]])),
        "seeds": [SEED],
        "setting": {**{k: v for k, v in vars(args).items() if k != "out"}, "threads": torch.get_num_threads()},
        "rows": {
            name: {
                "seconds_per_candidate": round(float(np.median(seconds[name])), 3),
                "speed_up": round(float(np.median(np.array(seconds[first]) / np.array(seconds[name]))), 2),
                "largest_difference_of_losses": float(np.abs(np.subtract(losses[name], losses[first])).max()),
            }
            for name in rows
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--cells", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--candidates", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="seed of the candidates")
    parser.add_argument("--out", type=Path, default=Path("docs/results/search_reference.json"))
    args = parser.parse_args()
    results = measure(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=1) + "\n")
    for name, row in results["rows"].items():
        print(f"{name:40s}", *row.values())


if __name__ == "__main__":
    main()
