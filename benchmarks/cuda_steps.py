"""What the kernels of a training and of a scoring step take on CUDA: PyTorch's and our own.

`python benchmarks/cuda_steps.py` takes a candidate of the released search and sums the times of its kernels, as
torch.profiler sees them: what starting them takes is left out, as CUDA graphs do.  Images are noise, on which nothing
depends.  Fills docs/results/cuda_steps.json and prints the kernels that take most.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from search_speed import write_images
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from relnas_mm.evaluators import SupernetEvaluator
from relnas_mm.evaluators.execution import Lane
from relnas_mm.evaluators.supernet.trainer import CandidateTrainer
from relnas_mm.evaluators.training import Recipe, learn_one_pass, score
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.spaces import CellSpace

ROOT = Path(__file__).resolve().parents[1]
BATCH, STEPS = 256, 3
PYTORCH = Recipe(bit_exact=False)
TRITON = replace(PYTORCH, kernels="triton")
ROWS = {
    "PyTorch": PYTORCH,
    "PyTorch, channels_last": replace(PYTORCH, channels_last=True),
    "PyTorch, bfloat16": replace(PYTORCH, autocast="bfloat16"),
    "PyTorch, channels_last, bfloat16": replace(PYTORCH, channels_last=True, autocast="bfloat16"),
    "Triton kernels": TRITON,
    "Triton kernels, bfloat16": replace(TRITON, autocast="bfloat16"),
}


def kernel_times(work: Callable[[], object]) -> dict[str, float]:
    """Milliseconds of each kernel in a step of `STEPS`; what has to be compiled was there before."""
    work()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        work()
        torch.cuda.synchronize()
    on_device = [event for event in seen.key_averages() if event.device_type == torch.autograd.DeviceType.CUDA]
    return {event.key: event.self_device_time_total / 1e3 / STEPS for event in on_device}


def measure(subject: SupernetEvaluator, recipe: Recipe, architecture, batches: list) -> dict[str, dict[str, float]]:
    """Kernels of a training and of a scoring step."""
    learner = CandidateTrainer(architecture, subject.shape, subject.op_ids, subject.weights, recipe, 0.5)
    learner.load(subject.weights)
    lane = Lane(recipe.execution, subject.device)
    given: list[tuple[Tensor, Tensor]] = [
        (images.contiguous(memory_format=recipe.memory_format), labels) for images, labels in batches
    ]
    network, optimizer = learner.network, learner.optimizer
    return {
        "training": kernel_times(lambda: learn_one_pass(network, optimizer, given, recipe.clip, lane)),
        "scoring": kernel_times(lambda: score(network, given, lane)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidate", type=int, default=0, help="number of the random candidate [%(default)s]")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "cuda_steps.json")
    args = parser.parse_args()
    space = CellSpace()
    architecture = space.decode(space.sample(np.random.default_rng(0), args.candidate + 1)[-1])
    with tempfile.TemporaryDirectory() as folder:
        write_images(Path(folder), 2 * BATCH * STEPS)
        data = {"type": "cifar10", "data_root": folder, "num_classes": None}
        subject = SupernetEvaluator(data, {"init_channels": 16, "num_cells": 8}, device="cuda")
    images = torch.randn(BATCH, 3, 32, 32, device="cuda")
    batches = [(images, torch.randint(10, (BATCH,), device="cuda"))] * STEPS
    rows: dict[str, dict[str, float]] = {}
    for name, recipe in ROWS.items():
        times = measure(subject, recipe, architecture, batches)
        rows[name] = {part: sum(kernels.values()) for part, kernels in times.items()}
        print(f"{name}: {rows[name]}", flush=True)
        for kernel, milliseconds in sorted(times["training"].items(), key=lambda item: -item[1])[:12]:
            print(f"    {milliseconds:8.3f} ms  {kernel[:100]}")
    record = {
        **provenance("python benchmarks/cuda_steps.py"),
        "seeds": [0],
        "batch": BATCH,
        "milliseconds": rows,
    }
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
