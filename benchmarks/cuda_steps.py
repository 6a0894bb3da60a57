"""What the kernels of a training and of an evaluation step take on CUDA: PyTorch's and those of `backend='triton'`.

`python benchmarks/cuda_steps.py` takes a candidate of a search at the scale of the paper and sums the times of its
kernels, as torch.profiler sees them: what starting them takes is left out, as CUDA graphs do.  Images are noise, on
which nothing depends.  Fills docs/results/cuda_steps.json and prints the kernels that take most.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from relnas_mm.architectures import Genotype
from relnas_mm.evaluators.execution import ExecutionConfig
from relnas_mm.evaluators.supernet.op_ids import shared_op_ids
from relnas_mm.evaluators.training import TrainConfig, evaluate, train_one_epoch
from relnas_mm.files import write_atomically
from relnas_mm.networks import CellNetwork, NetworkShape
from relnas_mm.provenance import provenance
from relnas_mm.spaces import CellSpace

ROOT = Path(__file__).resolve().parents[1]
BATCH, STEPS = 256, 3
PROGRESS = 0.5
ROWS = {
    "PyTorch": ExecutionConfig("auto"),
    "PyTorch, channels_last": ExecutionConfig("auto", channels_last=True),
    "PyTorch, bfloat16": ExecutionConfig("auto", autocast="bfloat16"),
    "PyTorch, channels_last, bfloat16": ExecutionConfig("auto", channels_last=True, autocast="bfloat16"),
    "Triton kernels": ExecutionConfig("triton"),
    "Triton kernels, bfloat16": ExecutionConfig("triton", autocast="bfloat16"),
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


def measure(
    execution: ExecutionConfig, genotype: Genotype, images: Tensor, labels: Tensor
) -> dict[str, dict[str, float]]:
    """Kernels of a training and of an evaluation step of a candidate, in the middle of a search."""
    device, backend, config = images.device, execution.get_backend(), TrainConfig()
    network = CellNetwork(genotype, NetworkShape(), shared_op_ids, backend)
    network.to(device, memory_format=execution.memory_format)  # type: ignore[call-overload]
    optimizer = config.optimizer(list(network.parameters()), PROGRESS, fused=not backend.exact)
    network.drop_path_rate = config.drop_path_at(PROGRESS)
    batches = [(images.contiguous(memory_format=execution.memory_format), labels)] * STEPS
    precision = partial(execution.precision, device)
    return {
        "training": kernel_times(lambda: train_one_epoch(network, optimizer, batches, config.grad_clip, precision)),
        "scoring": kernel_times(lambda: evaluate(network, batches, precision)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidate", type=int, default=0, help="number of the random candidate [%(default)s]")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "cuda_steps.json")
    args = parser.parse_args()
    space = CellSpace()
    genotype = space.decode(space.sample(np.random.default_rng(0), args.candidate + 1)[-1])
    images, labels = torch.randn(BATCH, 3, 32, 32, device="cuda"), torch.randint(10, (BATCH,), device="cuda")
    rows: dict[str, dict[str, float]] = {}
    for name, execution in ROWS.items():
        times = measure(execution, genotype, images, labels)
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
