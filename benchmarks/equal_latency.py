"""Backbones of equal latency in one task, by one recipe: found on the task, found on classification, and others.

    SHAPES_ROOT=data/shapes python benchmarks/equal_latency.py detection --shares 1 0.6 1.6

The limit is the latency of the published cell, in PyTorch on one thread.  Per seed: a search on the task and one on
classification, both with that limit; the published cell; a random cell of at least 90 % of the limit; MobileNetV2 and
ResNet-18 as wide as the limit allows.  At other shares of the limit: the same but for the random cell and that of
classification, all as wide as allowed.  All are trained from random weights by tools/train.py and tested by
tools/test.py.

Each training is one line of docs/results/equal_latency_runs.jsonl as soon as it is tested.  The same command goes on
where an earlier one was stopped, on another machine too.  docs/results/equal_latency_TASK.json and a picture of latency
against metric are made of the lines.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from mmengine.registry import MODELS, init_default_scope
from runs_file import RESULTS, RunsFile, commits
from small_tasks import TASKS
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
from relnas_mm.search.pareto import pareto_front
from relnas_mm.search.sampling import first_sample
from relnas_mm.spaces import CellSpace

ROOT = Path(__file__).resolve().parents[1]
WIDTH, CELLS = 16, 6
RANDOM = 0.9
"""A random cell takes at least this share of the limit."""
BATCH = 8
FAR = 1.3
"""A backbone this far above its limit ends the search for the widest one."""
ROUNDS = 15
"""Measurements of a latency."""
ON_TASK, ON_CLASSIFICATION, RANDOM_CELL = "found on the task", "found on classification", "random"
PUBLISHED, MOBILENET, RESNET = FIXED = "published", "MobileNetV2", "ResNet-18"
BACKBONES = (ON_TASK, ON_CLASSIFICATION, PUBLISHED, RANDOM_CELL, MOBILENET, RESNET)
AT_OTHER_SHARES = (ON_TASK, PUBLISHED, MOBILENET, RESNET)
CLASSIFICATION = "search/relativenas_shapes_quick.py"


class Run(NamedTuple):
    """One training."""

    task: str
    share: float
    backbone: str
    seed: int


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--shares", nargs="+", type=float, default=[1.0], help="of the limit [1]")
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/equal_latency"))
    args = parser.parse_args()
    file = RunsFile("equal_latency_runs.jsonl", Run._fields)
    runs = [
        Run(args.task, share, backbone, seed)
        for seed in args.seeds
        for share in args.shares
        for backbone in (BACKBONES if share == 1 else AT_OTHER_SHARES)
    ]
    bench = Bench(args.task, args.work_dir / args.task, file)
    for done, run in enumerate(runs, start=1):
        if run not in file.runs:
            file.add(run, bench.train(run))
        print(f"{done}/{len(runs)} {run}: {file.runs[run]['metric']:.2f}", flush=True)
        summarize(args.task, file, bench)


class Bench:
    """The trainings of one task, in a folder."""

    def __init__(self, name: str, folder: Path, file: RunsFile):
        self.task, self.folder, self._file = TASKS[name], folder, file
        folder.mkdir(parents=True, exist_ok=True)
        config = read_config(f"relnas_mm::{self.task.config}")
        init_default_scope(config.default_scope)
        self.cell = dict(config.model.backbone)
        self.network = dict(
            init_channels=WIDTH,
            num_cells=CELLS,
            stem="imagenet",
            image_size=self.task.image,
            num_classes=0,
            output_stride=self.cell.get("output_stride", 32),
        )
        self.shape = NetworkShape(**self.network)
        self.table = self._table()
        self.limit = self.table.predict(load_genotype("relativenas"), self.shape)

    def train(self, run: Run) -> dict[str, Any]:
        """Trains and tests a backbone; its settings and figures."""
        folder = self.folder / f"{run.backbone.replace(' ', '-')}_{100 * run.share:.0f}_{run.seed}"
        folder.mkdir(exist_ok=True)
        settings = self._settings(run)
        network = built(settings)
        with torch.no_grad():
            channels = [int(each.shape[1]) for each in network(torch.zeros(1, 3, *self.task.image))]
        model = {"backbone": {"_delete_": True, **settings}, **self.task.parts(channels)}
        config, metrics = folder.with_suffix(".py"), folder / "metrics.json"
        base = str(ROOT / "configs" / self.task.config)
        config.write_text(f"_base_ = {base!r}\nmodel = {model!r}\ntrain_dataloader = dict(batch_size={BATCH})\n")
        tool("train.py", config, "--work-dir", folder, "--resume", "--cfg-options", f"randomness.seed={run.seed}")
        checkpoint = Path(folder / "last_checkpoint").read_text().strip()
        tool("test.py", config, checkpoint, "--work-dir", folder / "test", "--out", metrics)
        return {
            "metric": self.task.scale * json.loads(metrics.read_text())[self.task.metric],
            "ms": self.limit * self.latency(settings),
            "params": sum(each.numel() for each in network.parameters()),
            "settings": settings,
        }

    def latency(self, settings: Mapping[str, Any]) -> float:
        """Latency of a backbone in shares of the published cell's.

        Both run in turn in PyTorch, on one thread, so that other work on the machine slows both.
        """
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            pair, image = (built(settings), built(self.cell)), torch.zeros(1, 3, *self.task.image)
            rounds = [[statistics.median(time_forward(each, image, 8)) for each in pair] for _ in range(ROUNDS)]
            return statistics.median(own / reference for own, reference in rounds)
        finally:
            torch.set_num_threads(threads)

    def _known(self, **fields: Any) -> dict[str, Any] | None:
        """Settings of the backbone of an earlier run with these fields, if there is one."""
        found = (line for line in self._file.runs.values() if fields.items() <= line.items())
        return next((line["settings"] for line in found), None)

    def _settings(self, run: Run) -> dict[str, Any]:
        """Settings of a backbone; those of an earlier line, where they do not depend on the seed."""
        if run.backbone in FIXED:
            known = self._known(task=run.task, share=run.share, backbone=run.backbone)
            if known:
                return known
        norm = {"norm_cfg": dict(self.cell["norm_cfg"])} if "norm_cfg" in self.cell else {}
        if run.backbone == MOBILENET:
            mobilenet = dict(type="MobileNetV2", **self.task.mobilenet, **norm)
            return self._widest(run.share, lambda step: {**mobilenet, "widen_factor": step / 16})
        if run.backbone == RESNET:
            resnet = dict(type="ResNet", **self.task.resnet, **norm)
            return self._widest(run.share, lambda step: {**resnet, "base_channels": 4 * step})
        cell = {**self.cell, "genotype": self._genotype(run)}
        if run.share == 1:  # has the width that set the limit
            return cell
        return self._widest(run.share, lambda step: {**cell, "init_channels": 2 * step})

    def _widest(self, share: float, scaled: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
        """The widest backbone whose latency is within a share of the published cell's.

        Args:
            share: Share of that latency.
            scaled: From a number of steps, from 1 on, to the settings of a backbone of that width.
        """
        steps, widest = 2, 1
        while (found := self.latency(scaled(steps))) <= FAR * share:  # a single measurement may be off
            widest = steps if found <= share else widest
            steps += 1
        return scaled(widest)

    def _genotype(self, run: Run) -> Any:
        """A cell: its name or its content."""
        if run.backbone == PUBLISHED:
            return "relativenas"
        if known := self._known(task=run.task, backbone=run.backbone, seed=run.seed):
            return known["genotype"]
        if run.backbone == RANDOM_CELL:
            return self._random(run.seed)
        if run.backbone == ON_TASK:
            return self._search("task", self.task.search, run.seed, {})
        quick = {"network.init_channels": 8, "network.num_cells": 5}
        return self._search("classification", CLASSIFICATION, run.seed, quick)

    def _search(self, name: str, config: str, seed: int, options: Mapping[str, Any]) -> dict[str, Any]:
        folder = self.folder / f"search_{name}_{seed}"
        if not (folder / "genotype.json").exists():
            budget = dict(network=self.network, latency_table=str(self.folder / "latency.json"), max_latency=self.limit)
            path = self.folder / f"search_{name}.py"
            path.write_text(f"_base_ = {str(ROOT / 'configs' / config)!r}\ntrain_cfg = dict(budget={budget!r})\n")
            settings = [f"train_cfg.evaluator.{key}={value}" for key, value in options.items()]
            settings.append(f"randomness.seed={seed}")
            tool("search.py", path, "--work-dir", folder, "--resume", "--cfg-options", *settings)
        return load_genotype(folder / "genotype.json").to_dict()

    def _random(self, seed: int) -> dict[str, Any]:
        least = RANDOM * self.limit
        cells, _ = first_sample(
            lambda cells: least <= self.table.predict(cells, self.shape) <= self.limit,
            seed,
            f"between {RANDOM:.0%} of {self.limit:.2f} ms and all of it",
        )
        return cells.to_dict()

    def _table(self) -> LatencyTable:
        path = self.folder / "latency.json"
        if not path.exists():
            plan = plan_measurement(CellSpace(), self.shape, 20)
            measure_table(plan, "torch", torch.device("cpu"), 1, provenance("benchmarks/equal_latency.py")).save(path)
        return load_latency_table(path)


def built(settings: Mapping[str, Any]) -> nn.Module:
    """A backbone in evaluation mode; those of mm packages return nothing from `eval()`."""
    network = MODELS.build(dict(settings))
    network.eval()
    return network


def summarize(task: str, file: RunsFile, bench: Bench) -> None:
    """Writes the record and the picture of the seeds with which all backbones are trained."""
    lines = [line for line in file.runs.values() if line["task"] == task]
    grouped: dict[tuple[float, str], list[dict[str, Any]]] = {}
    for line in sorted(lines, key=lambda line: (line["share"], BACKBONES.index(line["backbone"]), line["seed"])):
        grouped.setdefault((line["share"], line["backbone"]), []).append(line)
    complete = set.intersection(*({line["seed"] for line in found} for found in grouped.values()))
    if not complete or any((1.0, backbone) not in grouped for backbone in BACKBONES):
        return
    kept = {key: [line for line in found if line["seed"] in complete] for key, found in grouped.items()}
    rows = [row_of(share, backbone, found) for (share, backbone), found in kept.items()]
    ms, metric = np.array([[row["ms"], row["mean"]] for row in rows]).T
    front = set(pareto_front(ms, -metric).tolist())
    shares = sorted({row["share"] for row in rows})
    words = f" --shares {' '.join(f'{share:g}' for share in shares)}" if shares != [1.0] else ""
    record = {
        **provenance(f"python benchmarks/equal_latency.py {task}{words}"),
        "commit": commits([line for found in kept.values() for line in found]),
        "seeds": sorted(complete),
        "metric": bench.task.metric,
        "limit_ms": bench.limit,
        "device_of_latency": bench.table.words,
        "backbones": [{**row, "on_front": index in front} for index, row in enumerate(rows)],
    }
    out = RESULTS / f"equal_latency_{task}.json"
    write_json(out, record, f"the record {str(out)!r}")
    draw(record, ROOT / "docs" / "images" / f"equal_latency_{task}.png")


def row_of(share: float, backbone: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Summary of a backbone; one that does not depend on the seed has the latency by which its width was chosen."""
    measured = lines[:1] if backbone in FIXED else lines
    values = [line["metric"] for line in lines]
    return {
        "share": share,
        "backbone": backbone,
        "mean": statistics.mean(values),
        "std": statistics.stdev(values) if len(values) > 1 else None,
        "values": values,
        "ms": statistics.mean(line["ms"] for line in measured),
        "params": statistics.mean(line["params"] for line in lines),
    }


def draw(record: dict[str, Any], path: Path) -> None:
    """Latency against metric: each seed a dot, the means of a backbone a line."""
    figure = Figure(figsize=(6.4, 4.0), layout="tight")
    axes = figure.subplots()
    for colour, name in zip(COLOURS, BACKBONES):
        rows = sorted((row for row in record["backbones"] if row["backbone"] == name), key=lambda row: row["ms"])
        axes.plot([row["ms"] for row in rows], [row["mean"] for row in rows], "-o", label=name, color=colour)
        for row in rows:
            axes.plot([row["ms"]] * len(row["values"]), row["values"], ".", color=colour, alpha=0.4)
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
