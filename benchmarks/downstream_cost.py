"""What a candidate of a downstream search costs beside plain training: one pass of the same model over the same images.

    SHAPES_ROOT=data/shapes python benchmarks/downstream_cost.py

For each config, in turn: MMEngine's training loop over the training part, and a candidate of `DownstreamEvaluator`
(weights in, the same pass, the score on the held-out part, weights out).  Fills docs/results/downstream_cost.json .
"""

import argparse
import json
import shlex
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.architectures import load_genotype
from relnas_mm.downstream import DownstreamEvaluator
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.strategies import Candidate, Group

CONFIGS = {
    "detection": "ssdlite/ssdlite160_relativenas-c16l6_4e_shapes-voc.py",
    "segmentation": "deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py",
    "pose": "simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py",
}
BATCH = 8


def evaluator_of(name: str, images: int) -> DownstreamEvaluator:
    """An evaluator on the first images of a task."""
    loader = {"batch_size": BATCH, "num_workers": 0, "persistent_workers": False, "dataset": {"indices": images}}
    task = {"config": f"relnas_mm::{CONFIGS[name]}", "cfg_options": {"train_dataloader": loader}}
    return DownstreamEvaluator({name: task})


def plain_pass(config: Config, indices: list[int]) -> float:
    """Seconds of one epoch of MMEngine's training loop, without validation and checkpoints."""
    config = Config(config.to_dict())
    config.train_dataloader.dataset.indices = indices
    config.train_dataloader.sampler = {"type": "DefaultSampler", "shuffle": True}
    config.train_dataloader.drop_last = True
    config.train_cfg = {"type": "EpochBasedTrainLoop", "max_epochs": 1, "val_interval": 10}
    config.param_scheduler = []
    for key in ("val_cfg", "val_dataloader", "val_evaluator", "test_cfg", "test_dataloader", "test_evaluator"):
        config.pop(key, None)
    config.custom_hooks = [hook for hook in config.get("custom_hooks", ()) if hook["type"] == "ChannelsLastHook"]
    config.default_hooks = {"checkpoint": None}
    config.log_level = "ERROR"
    with tempfile.TemporaryDirectory() as folder:
        config.work_dir, config.experiment_name = folder, Path(folder).name
        config.visualizer = None  # a named one would write where that of the earlier pass did
        runner = Runner.from_cfg(config)
        runner._train_loop = runner.build_train_loop(runner._train_loop)  # builds the data set
        start = time.perf_counter()
        runner.train()
        return time.perf_counter() - start


def measured(name: str, images: int, repeats: int) -> dict[str, Any]:
    """Seconds of both, in turn."""
    evaluator = evaluator_of(name, images)
    (task,) = evaluator.tasks
    indices = [int(index) for index in task.train_indices]
    candidate = Candidate(0, np.zeros(1), load_genotype("relativenas"))
    seconds: dict[str, list[float]] = {"plain": [], "candidate": []}
    for generation in range(repeats + 1):
        plain = plain_pass(task.config, indices)
        start = time.perf_counter()
        evaluator.evaluate([Group(generation, 0, 1, 0.0, (candidate,))])
        spent = time.perf_counter() - start
        if generation:  # the first of both warms up
            seconds["plain"].append(plain)
            seconds["candidate"].append(spent)
    ratios = [candidate / plain for plain, candidate in zip(seconds["plain"], seconds["candidate"])]
    return {
        "images": len(indices),
        "held_out": len(task.held_out),
        "plain": statistics.median(seconds["plain"]),
        "candidate": statistics.median(seconds["candidate"]),
        "ratio": statistics.median(ratios),
        "ratios": sorted(ratios),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=250, help="of each task, training and held out [%(default)s]")
    parser.add_argument("--repeats", type=int, default=5, help="[%(default)s]")
    parser.add_argument("--out", type=Path, default=Path("docs/results/downstream_cost.json"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = {}
    for name in CONFIGS:
        rows[name] = measured(name, args.images, args.repeats)
        print(f"{name}: {rows[name]['ratio']:.2f} times a plain pass", flush=True)
    command = shlex.join(["python", *sys.argv])
    record = {**provenance(command), "seeds": [0], "repeats": args.repeats, "rows": rows}
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
