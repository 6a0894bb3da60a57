"""Time and memory of the backbone beside those of the reference implementation, ResNet-50 and MobileNetV2.

The reference implementation is the same backbone with `backend="reference"` and contiguous feature maps: a ReLU for
each reader of a map, separable convolutions in two steps.  Variants take turns, so that a busy machine slows all of
them down alike; a speed-up is the median of the ratios of a turn.  Peak memory is that of a process of its own: the
growth of its resident memory in two training steps.  Fills docs/results/backbone_cost.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.registry import MODELS
from resident import peak_resident_bytes, resident_bytes
from torch import Tensor, nn

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.files import write_atomically
from relnas_mm.inference import accelerate
from relnas_mm.models import CellBackbone
from relnas_mm.provenance import provenance

import mmdet.models  # noqa: F401  isort: skip  (registers its backbones)

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = "RelativeNAS cell, reference implementation"
SIZES = {"224x224": (224, 224), "512x1024": (512, 1024)}
TRAINING_BATCH = {"224x224": 8, "512x1024": 1}


def channels_last(network: nn.Module) -> nn.Module:
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


BOTH: dict[str, Callable[[], nn.Module]] = {
    REFERENCE: lambda: CellBackbone("relativenas", backend="reference"),
    "RelativeNAS cell, `backend='auto'`, channels_last": lambda: channels_last(CellBackbone("relativenas")),
    "RelativeNAS cell, the same with `with_cp=True`": lambda: channels_last(CellBackbone("relativenas", with_cp=True)),
    "ResNet-50": lambda: channels_last(MODELS.build({"type": "mmdet.ResNet", "depth": 50, "norm_eval": False})),
    "MobileNetV2": lambda: channels_last(MODELS.build({"type": "mmdet.MobileNetV2"})),
}
INFERENCE: dict[str, Callable[[], nn.Module]] = {
    **{name: build for name, build in BOTH.items() if "with_cp" not in name},
    "RelativeNAS cell, conv-BN fused": lambda: accelerate(CellBackbone("relativenas"), "torch"),
    "RelativeNAS cell, conv-BN fused, onnxruntime": lambda: accelerate(CellBackbone("relativenas"), "onnx"),
}


def images_for(network: nn.Module, batch: int, size: tuple[int, int]) -> Tensor:
    """In the layout of the network's convolutions."""
    images = torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(0))
    kernels = [p for p in network.parameters() if p.dim() == 4 and p.shape[2] > 1 and p.shape[1] > 1]
    last = not kernels or kernels[0].is_contiguous(memory_format=torch.channels_last)
    return images.contiguous(memory_format=torch.channels_last) if last else images


def training_step(network: nn.Module, images: Tensor) -> Callable[[], None]:
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 1e-4, 0.9)
    network.train()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        sum(out.square().mean() for out in network(images)).backward()  # type: ignore[union-attr]
        optimizer.step()

    return step


def inference(network: nn.Module, images: Tensor) -> Callable[[], None]:
    network.eval()

    @torch.inference_mode()
    def run() -> None:
        network(images)

    return run


def turns(actions: dict[str, Callable[[], None]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each action in each turn; the first turn does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(repeats + 1):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            seconds[name].append(time.perf_counter() - start)
    return {name: row[1:] for name, row in seconds.items()}


def compared(seconds: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "milliseconds": 1e3 * statistics.median(row),
            "speed_up": statistics.median(a / b for a, b in zip(seconds[REFERENCE], row)),
        }
        for name, row in seconds.items()
    }


def peak_memory(name: str, size: str, threads: int) -> float:
    """MiB of a training step, from a process of its own."""
    command = [sys.executable, __file__, "--threads", str(threads), "--memory-of", name, size]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def print_memory(name: str, size: str) -> None:
    network = BOTH[name]()
    training_step(network, images_for(network, 2, (64, 64)))()  # loads libraries
    before = resident_bytes()
    step = training_step(network, images_for(network, TRAINING_BATCH[size], SIZES[size]))
    step()
    step()
    print((peak_resident_bytes() - before) / 2**20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="turns that count [%(default)s]")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="[%(default)s]")
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "backbone_cost.json")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    if args.memory_of:
        print_memory(*args.memory_of)
        return
    sizes: dict[str, Any] = {}
    for size, sides in SIZES.items():
        idle = {name: build() for name, build in INFERENCE.items()}
        rows = compared(turns({k: inference(v, images_for(v, 1, sides)) for k, v in idle.items()}, args.repeats))
        print(size, "inference", {name: f"{row['speed_up']:.2f}x" for name, row in rows.items()}, flush=True)
        busy = {name: build() for name, build in BOTH.items()}
        steps = {k: training_step(v, images_for(v, TRAINING_BATCH[size], sides)) for k, v in busy.items()}
        training: dict[str, dict[str, float]] = compared(turns(steps, args.repeats))
        for name, row in training.items():
            row["peak_memory_mib"] = peak_memory(name, size, args.threads)
        least = training[REFERENCE]["peak_memory_mib"]
        for row in training.values():
            row["memory_ratio"] = row["peak_memory_mib"] / least
        shown = {name: f"{row['speed_up']:.2f}x, {row['memory_ratio']:.2f} memory" for name, row in training.items()}
        print(size, "training", shown, flush=True)
        sizes[size] = {"inference": rows, "training": training, "training_batch": TRAINING_BATCH[size]}
    command = f"python benchmarks/backbone_cost.py --threads {args.threads} --repeats {args.repeats}"
    record = {**provenance(command), "seeds": [0], "threads": args.threads, "repeats": args.repeats, "sizes": sizes}
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
