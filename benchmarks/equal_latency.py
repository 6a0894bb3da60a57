"""Backbones of equal latency in one task, by one recipe: found on the task, found on classification, and others.

    SHAPES_ROOT=data/shapes python benchmarks/equal_latency.py detection --work-dir work_dirs/equal_latency

The limit is the latency of the published cell.  Per seed: a search on the task and one on classification, both with
that limit; the published cell; a random cell of at least 90 % of the limit; MobileNetV2 and ResNet-18 as wide as the
limit allows.  All are trained from random weights by tools/train.py and tested by tools/test.py.  A run that is
finished is not repeated.  Fills docs/results/equal_latency_TASK.json after each seed, and draws latency against metric.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from mmengine.registry import MODELS, init_default_scope
from torch import nn

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.architectures import load_genotype
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_json
from relnas_mm.latency import LatencyTable, load_latency_table
from relnas_mm.latency.measure import measure_table
from relnas_mm.latency.plan import plan_measurement
from relnas_mm.launch import read_config
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.timing import time_forward
from relnas_mm.plots.style import COLOURS, tidy
from relnas_mm.provenance import provenance
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import CellSpace

ROOT = Path(__file__).resolve().parents[1]
WIDTH, CELLS = 16, 6
SHARE = 0.9
"""A random cell takes at least this share of the limit."""
BATCH = 8


@dataclass(frozen=True)
class Task:
    """A model, the search on its task, and where a backbone enters it.

    Args:
        config: Config of the model.
        search: Config of the search on the task.
        image: Height and width.
        metric: Key of the test metric.
        scale: Factor to percent.
        mobilenet: Arguments of MobileNetV2 besides its width.
        resnet: Arguments of ResNet-18, likewise.
        parts: From the channels of the backbone's outputs to the settings of neck and heads.
    """

    config: str
    search: str
    image: tuple[int, int]
    metric: str
    scale: float
    mobilenet: Mapping[str, Any]
    resnet: Mapping[str, Any]
    parts: Callable[[list[int]], dict[str, Any]]


def segmentation_parts(channels: list[int]) -> dict[str, Any]:
    low, middle, last = channels
    return {"decode_head": {"in_channels": last, "c1_in_channels": low}, "auxiliary_head": {"in_channels": middle}}


SEGMENTOR: dict[str, Any] = dict(
    metric="mIoU",
    scale=1.0,
    mobilenet=dict(out_indices=(1, 4, 6), strides=(1, 2, 2, 2, 1, 1, 1), dilations=(1, 1, 1, 1, 1, 2, 2)),
    resnet=dict(depth=18, out_indices=(0, 2, 3), strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2)),
    parts=segmentation_parts,
)
TASKS = {
    "detection": Task(
        "ssdlite/ssdlite160_relativenas-c16l6_4e_shapes-voc.py",
        "search/relativenas_ssdlite_shapes.py",
        (160, 160),
        "pascal_voc/mAP",
        100.0,
        dict(out_indices=(4, 6)),
        dict(depth=18, out_indices=(2, 3)),
        lambda channels: {
            "neck": {"in_channels": tuple(channels)},
            "bbox_head": {"in_channels": (*channels, 512, 256, 256, 64)},
        },
    ),
    "segmentation": Task(
        "deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py",
        "search/relativenas_deeplabv3plus_shapes.py",
        (128, 256),
        **SEGMENTOR,
    ),
    "camvid": Task(
        "deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_camvid-mini.py",
        "search/relativenas_deeplabv3plus_camvid-mini.py",
        (180, 240),
        **SEGMENTOR,
    ),
    "pose": Task(
        "simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py",
        "search/relativenas_simple-baseline_shapes.py",
        (128, 96),
        "coco/AP",
        100.0,
        dict(out_indices=(6,)),
        dict(depth=18, out_indices=(3,)),
        lambda channels: {"head": {"in_channels": channels[0]}},
    ),
}


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/equal_latency"))
    args = parser.parse_args()
    out = ROOT / "docs" / "results" / f"equal_latency_{args.task}.json"
    bench = Bench(TASKS[args.task], args.work_dir / args.task)
    rows: dict[str, list[dict[str, Any]]] = {}
    for done, seed in enumerate(args.seeds, start=1):
        for name, row in bench.seed(seed).items():
            rows.setdefault(name, []).append(row)
        record = {
            **provenance(f"python benchmarks/equal_latency.py {args.task}"),
            "seeds": args.seeds[:done],
            "task": args.task,
            "metric": bench.task.metric,
            "limit_ms": bench.limit,
            "device_of_latency": bench.table.words,
            "backbones": {name: summary(found) for name, found in rows.items()},
        }
        write_json(out, record, f"the record {str(out)!r}")
        draw(record, ROOT / "docs" / "images" / f"equal_latency_{args.task}.png")


class Bench:
    """All runs of one task in a folder."""

    def __init__(self, task: Task, folder: Path):
        self.task, self.folder = task, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.config = read_config(f"relnas_mm::{task.config}")
        init_default_scope(self.config.default_scope)
        self.cell = dict(self.config.model.backbone)
        output_stride = self.cell.get("output_stride", 32)
        self.network = dict(
            init_channels=WIDTH, num_cells=CELLS, stem="imagenet", image_size=task.image, num_classes=0
        ) | dict(output_stride=output_stride)
        self.shape = NetworkShape(**self.network)
        self.table = self._table()
        self.limit = self.table.predict(load_genotype("relativenas"), self.shape)
        self.measured_limit = self.latency(self.cell)

    def seed(self, seed: int) -> dict[str, dict[str, Any]]:
        """Trains and tests all backbones with a seed; their figures by name."""
        own = self._search("task", self.task.search, seed, {})
        quick = {"network.init_channels": 8, "network.num_cells": 5}
        proxy = self._search("classification", "search/relativenas_shapes_quick.py", seed, quick)
        backbones = {
            "found on the task": self._cell(str(own)),
            "found on classification": self._cell(str(proxy)),
            "published": self._cell("relativenas"),
            "random": self._cell(str(self._random(seed))),
            "MobileNetV2": self._widest("MobileNetV2", "widen_factor", 1 / 16, self.task.mobilenet),
            "ResNet-18": self._widest("ResNet", "base_channels", 4, self.task.resnet),
        }
        return {name: self._trained(name, backbone, seed) for name, backbone in backbones.items()}

    def latency(self, backbone: Mapping[str, Any]) -> float:
        """Measured latency of a backbone in PyTorch, one thread, in milliseconds."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            network = built(backbone)
            image = torch.zeros(1, 3, *self.task.image)
            return min(statistics.median(time_forward(network, image, 20)) for _ in range(3))
        finally:
            torch.set_num_threads(threads)

    def _table(self) -> LatencyTable:
        path = self.folder / "latency.json"
        if not path.exists():
            plan = plan_measurement(CellSpace(), self.shape, 20)
            measure_table(plan, "torch", torch.device("cpu"), 1, provenance("benchmarks/equal_latency.py")).save(path)
        return load_latency_table(path)

    def _search(self, name: str, config: str, seed: int, options: Mapping[str, Any]) -> Path:
        folder = self.folder / f"search_{name}_{seed}"
        if not (folder / "genotype.json").exists():
            budget = dict(network=self.network, latency_table=str(self.folder / "latency.json"), max_latency=self.limit)
            path = self.folder / f"search_{name}.py"
            path.write_text(f"_base_ = {str(ROOT / 'configs' / config)!r}\ntrain_cfg = dict(budget={budget!r})\n")
            settings = [f"train_cfg.evaluator.{key}={value}" for key, value in options.items()]
            tool(
                "search.py",
                path,
                "--work-dir",
                folder,
                "--resume",
                "--cfg-options",
                f"randomness.seed={seed}",
                *settings,
            )
        return folder / "genotype.json"

    def _random(self, seed: int) -> Path:
        folder, space = self.folder / f"random_{seed}", CellSpace()
        if not (folder / "genotype.json").exists():
            for attempt in range(10_000):
                cells = space.decode(space.sample(numpy_stream(seed, "random cell", attempt), 1)[0])
                if SHARE * self.limit <= self.table.predict(cells, self.shape) <= self.limit:
                    cells.save_to(folder)
                    break
            else:
                raise UserError(f"no random cell takes between {SHARE:.0%} of {self.limit:.2f} ms and all of it")
        return folder / "genotype.json"

    def _cell(self, genotype: str) -> dict[str, Any]:
        return {**self.cell, "genotype": genotype}

    def _widest(self, kind: str, key: str, step: float, options: Mapping[str, Any]) -> dict[str, Any]:
        """The widest backbone within the measured latency of the published cell."""
        chosen = self.folder / f"{kind}.json"
        if not chosen.exists():
            width = step
            norm = {"norm_cfg": dict(self.cell["norm_cfg"])} if "norm_cfg" in self.cell else {}
            while self.latency(found := {"type": kind, key: width, **options, **norm}) <= self.measured_limit:
                kept, width = found, width + step
            write_json(chosen, kept, f"the choice {str(chosen)!r}")
        return json.loads(chosen.read_text())

    def _trained(self, name: str, backbone: dict[str, Any], seed: int) -> dict[str, Any]:
        folder = self.folder / f"{name.replace(' ', '-')}_{seed}"
        figures, metrics = folder / "figures.json", folder / "metrics.json"
        if not figures.exists():
            folder.mkdir(exist_ok=True)
            network = built(backbone)
            with torch.no_grad():
                channels = [int(each.shape[1]) for each in network(torch.zeros(1, 3, *self.task.image))]
            lines = {"backbone": {"_delete_": True, **backbone}, **self.task.parts(channels)}
            config = folder / "config.py"
            base = str(ROOT / "configs" / self.task.config)
            config.write_text(f"_base_ = {base!r}\nmodel = {lines!r}\ntrain_dataloader = dict(batch_size={BATCH})\n")
            tool("train.py", config, "--work-dir", folder, "--resume", "--cfg-options", f"randomness.seed={seed}")
            checkpoint = Path(folder / "last_checkpoint").read_text().strip()
            tool("test.py", config, checkpoint, "--work-dir", folder / "test", "--out", metrics)
            found = json.loads(metrics.read_text())
            params = sum(each.numel() for each in network.parameters())
            row = {"metric": self.task.scale * found[self.task.metric], "ms": self.latency(backbone), "params": params}
            write_json(figures, row, f"the figures {str(figures)!r}")
        return json.loads(figures.read_text())


def built(backbone: Mapping[str, Any]) -> nn.Module:
    """A backbone in evaluation mode; those of mm packages return nothing from `eval()`."""
    network = MODELS.build(dict(backbone))
    network.eval()
    return network


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    values = [row["metric"] for row in rows]
    return {
        "mean": statistics.mean(values),
        "std": statistics.stdev(values) if len(values) > 1 else None,
        "values": values,
        "ms": statistics.mean(row["ms"] for row in rows),
        "params": statistics.mean(row["params"] for row in rows),
    }


def draw(record: dict[str, Any], path: Path) -> None:
    """Latency against metric, each seed a dot, with names."""
    figure = Figure(figsize=(6.4, 4.0), layout="tight")
    axes = figure.subplots()
    for colour, (name, row) in zip(COLOURS, record["backbones"].items()):
        axes.plot([row["ms"]] * len(row["values"]), row["values"], "o", label=name, color=colour)
    tidy(axes)
    axes.set(xlabel="latency of the backbone, ms", ylabel=record["metric"])
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def tool(name: str, *arguments: Any) -> None:
    command = [sys.executable, str(ROOT / "tools" / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"{shlex.join(command)} failed: {done.stderr.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
