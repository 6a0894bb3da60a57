"""Made-up results of a pipeline: zoo cells, logs as MMEngine's Runner writes them, small pictures."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from relnas_mm.architectures import GENOTYPES
from relnas_mm.pipeline.results import DONE, Backbone, Cost, Published, Results, Score, StepResult, Task

UNITS = {"classification": "accuracy in %", "detection": "mAP in %", "segmentation": "mIoU in %", "pose": "AP in %"}
METRICS = {"classification": "accuracy/top1", "detection": "pascal_voc/mAP", "segmentation": "mIoU", "pose": "coco/AP"}


def results_of(
    folder: Path,
    values: Mapping[str, Mapping[str, Sequence[float | None]]],
    changed: Mapping[tuple[str, str, int], tuple[str, str]] = {},
    published: Mapping[str, Mapping[str, Published]] = {},
    pictures: bool = False,
    title: str = "A searched cell on two tasks",
    command: str = "relnas-mm pipeline relnas_mm::pipeline/transfer.py --work-dir runs/first",
    search: Path | None = None,
) -> Results:
    """Results whose backbones have zoo cells, the first that of RelativeNAS.

    Args:
        folder: The work_dir.
        values: Scores by task and backbone, one for each seed.
        changed: State and reason of scores by task, backbone and seed; the others are done.
        published: Published figures by task and backbone.
        pictures: Whether there are logs and pictures of predictions.
        title: Title of the report.
        command: Command of the pipeline.
        search: Folder of the search.
    """
    names = list(dict.fromkeys(name for scores in values.values() for name in scores))
    seeds = range(max(len(some) for scores in values.values() for some in scores.values()))
    zoo = list(GENOTYPES.items())
    backbones = []
    for number, name in enumerate(names):
        title_, genotype = zoo[number % len(zoo)]
        costs = {
            task: Cost(548_472 + 1000 * number, 21_400_000, None if number == 1 else 3.214, (32, 32), "CPU, x86_64")
            for task in values
        }
        files = dict.fromkeys(seeds, folder / "cells" / f"{number}.json")
        backbones.append(Backbone(name, f"cell {title_}", "search", files, dict.fromkeys(seeds, genotype), costs))
    nothing = (None,) * len(seeds)
    scores = [
        _score(folder / f"{place}-{names.index(name)}", task, name, seed, (*some, *nothing)[seed], changed)
        for place, (task, by_name) in enumerate(values.items())
        for name, some in by_name.items()
        for seed in seeds
    ]
    if pictures:
        for score in scores:
            write_log(score.train_dir, METRICS.get(score.task, "metric"), score.value or 30.0, score.seed)
            if score.seed == 0:
                write_pictures(score.pictures)
    steps = [StepResult("search", DONE, "", 4000.0, "relnas-mm search a.py --work-dir runs/first/search")]
    steps += [
        StepResult(
            f"{score.task}.{score.backbone}.{score.seed}",
            score.state,
            score.reason,
            score.seconds,
            f"relnas-mm train relnas_mm::{score.task}.py --work-dir {score.train_dir} --cfg-options "
            f"model.backbone.genotype={folder / 'search' / 'genotype.json'} randomness.seed={score.seed}",
        )
        for score in scores
    ]
    return Results(
        title=title,
        work_dir=folder,
        command=command,
        tasks=tuple(
            Task(
                task, f"{task}.py", METRICS.get(task, "metric"), UNITS.get(task, "score"), dict(published.get(task, {}))
            )
            for task in values
        ),
        backbones=tuple(backbones),
        seeds=tuple(seeds),
        scores=tuple(scores),
        steps=tuple(steps),
        search=search,
        provenance={
            "command": command,
            "commit": "0123456789ab",
            "versions": {"python": "3.11.7", "torch": "2.11.0"},
            "device": "CPU, x86_64, 2 cores",
        },
    )


def _score(folder, task, name, seed, value, changed) -> Score:
    state, reason = changed.get((task, name, seed), (DONE, ""))
    done = state == DONE
    stem = folder / str(seed)
    return Score(
        task=task,
        backbone=name,
        seed=seed,
        state=state,
        reason=reason,
        value=value if done else None,
        metrics={METRICS.get(task, "metric"): value / 100 if done and value is not None else None},
        seconds=192.0 + seed if done else None,
        train_dir=stem,
        pictures=stem / "pictures",
    )


def write_log(train_dir: Path, metric: str, final: float, seed: int, epochs: int = 12, iterations: int = 40) -> None:
    """A log of a training that gets better."""
    rng = np.random.default_rng(seed)
    rows = [{metric: 0.01, "step": 0}]
    for epoch in range(1, epochs + 1):
        for iteration in range(iterations):
            step = (epoch - 1) * iterations + iteration + 1
            loss = 3 * np.exp(-step / 150) + 0.5 + 0.1 * rng.standard_normal()
            rows.append({"lr": 0.01, "loss": loss, "epoch": epoch, "iter": step, "step": step})
        share = 1 - np.exp(-4 * epoch / epochs)
        rows.append({metric: final / 100 * share + 0.005 * rng.standard_normal(), "step": epoch})
    file = train_dir / "20260101_000000" / "vis_data" / "scalars.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(json.dumps(row) for row in rows))


def write_pictures(folder: Path, count: int = 5, size: tuple[int, int] = (640, 240)) -> None:
    """Pictures with a box on both halves."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture = Image.effect_noise(size, 40 + 10 * number).convert("RGB")
        draw = ImageDraw.Draw(picture)
        for left in (0, size[0] // 2):
            draw.rectangle((left + 40, 40, left + 160 + 9 * number, 180), outline="yellow", width=3)
        picture.save(folder / f"00{number}.jpg")
