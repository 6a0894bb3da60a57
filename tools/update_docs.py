"""Writes figures into the documentation: `python tools/update_docs.py [--check]`.

A block between `<!-- figures: NAME -->` and `<!-- /figures -->` in README.md or docs/*.md is written by the function of
that name below, from `docs/results/NAME.json` or `NAME/summary.json` where there is one.  `--check` changes nothing and
fails if a block is stale.
"""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from relnas_mm.cells import CellTrunk
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.genotype import ZOO

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- /figures -->)", re.DOTALL)

COMPARISONS = (
    "nasbench201",
    "nasbench201_ablation",
    "nasbench201_latency",
    "nasbench201_noise",
    "nasbench_macro",
    "transnasbench101_macro",
    "transnasbench101_micro",
)
PUBLISHED = {"relativenas": "3.93 M", "darts_v1": "3.3 M", "darts_v2": "3.3 M"}


def zoo(_: Any) -> str:
    """Names and sizes of the published cells: CIFAR-10 network of 20 cells, 36 channels, without auxiliary head."""
    lines = ["| name | parameters here | parameters published |", "|---|--:|--:|"]
    for name, genotype in ZOO.items():
        trunk = CellTrunk(genotype, 36, 20, "cifar")
        count = sum(p.numel() for p in trunk.parameters()) + (trunk.plans[-1].out_channels + 1) * 10
        lines.append(f"| `{name}` | {count:,} | {PUBLISHED.get(name, '–')} |")
    return "\n".join(lines)


def quickstart(record: dict[str, Any]) -> str:
    """What the main job reached and how long it took."""
    minutes = sum(record["seconds"].values()) / 60
    steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in record["seconds"].items())
    return (
        f"On {record['device']}: mAP {record['untrained']:.3f} untrained, **{record['trained']:.3f}** trained "
        f"(validation images), **{record['test']:.3f}** on the test images, in {minutes:.1f} minutes ({steps}).\n"
        f"{_origin(record)}"
    )


def search_nasbench201(record: dict[str, Any]) -> str:
    """Test accuracy by number of queries, RelativeNAS and random search."""
    budgets = record["budgets"]
    lines = ["| set | method | " + " | ".join(f"{budget} queries" for budget in budgets) + " | optimum |"]
    lines.append("|---|---|" + "--:|" * (len(budgets) + 1))
    for name, entry in record["sets"].items():
        for method in ("relative_nas", "random_search"):
            cells = [f"{mean:.2f} ± {std:.2f}" for mean, std in zip(entry[method]["mean"], entry[method]["std"])]
            lines.append(f"| {name} | {method} | {' | '.join(cells)} | {entry['optimum']:.2f} |")
    return "\n".join([*lines, "", _origin(record)])


def search_reference(record: dict[str, Any]) -> str:
    """Seconds per candidate beside the released arrangement."""
    lines = ["| | s per candidate (median) | speed-up (median of ratios) | largest difference of losses |"]
    lines.append("|---|--:|--:|--:|")
    for name, row in record["rows"].items():
        seconds, ratio, difference = row.values()
        lines.append(f"| {name} | {seconds:.2f} | {ratio:.2f} | {difference:.1e} |")
    return "\n".join([*lines, "", _origin(record)])


def search_generations(record: dict[str, Any]) -> str:
    """Losses, accuracy and diversity by generation of one search."""
    lines = ["| generation | fast | slow | best | accuracy of the best, % | diversity |", "|--:|--:|--:|--:|--:|--:|"]
    for row in record["generations"]:
        cells = [row[key] for key in ("fast_loss", "slow_loss", "best_loss", "accuracy", "diversity")]
        lines.append(f"| {row['generation'] + 1} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")
    return "\n".join([*lines, "", _origin(record)])


def retrained_cells(record: dict[str, Any]) -> str:
    """Accuracy of several cells that were retrained under one budget."""
    seeds = record["seeds"]
    header = ["cell", "top-1, %", "top-5, %", "last training loss", *(f"top-1, seed {seed}" for seed in seeds)]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in record["cells"].items():
        cells = [f"{entry[key]:.2f} ± {entry[key + '_std']:.2f}" for key in ("top1", "top5", "loss")]
        cells += [f"{run['top1']:.2f}" for run in entry["runs"]]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _origin(record)])


def overfitted(record: dict[str, Any]) -> str:
    """How well detectors, segmentors or pose estimators learned a few images or persons by heart."""
    (entries,) = [record[key] for key in ("detectors", "segmentors", "poses") if key in record]
    metric = record["metric"].rpartition("/")[2]
    samples = f"{record['persons']} training persons" if "persons" in record else f"{record['images']} training images"
    lines = [
        f"| config | parameters | {metric} on its {samples}, by iteration |",
        "|---|--:|---|",
    ]
    for name, entry in entries.items():
        curve = ", ".join(f"{step}: {value:.2f}" for step, value in entry[metric].items())
        lines.append(f"| `{name}` | {entry['params']:,} | {curve} |")
    return "\n".join([*lines, "", _origin(record)])


def stick_figures(record: dict[str, Any]) -> str:
    """Scores of a pose estimator on generated figures by epoch, and all of the last one."""
    runs, names = record["runs"], ("AP .5", "AP .75", "AR")
    lines = [f"| {' | '.join(['seed', *(f'AP after {epoch}' for epoch in runs[0]['curve']), *names])} |"]
    lines.append("|--:|" + "--:|" * (len(runs[0]["curve"]) + len(names)))
    rows = [[*run["curve"].values(), *(run["last"][f"coco/{name}"] for name in names)] for run in runs]
    for run, row in zip(runs, rows):
        lines.append(f"| {run['seed']} | {' | '.join(f'{cell:.3f}' for cell in row)} |")
    if len(runs) > 1:
        spreads = [f"{mean(column):.3f} ± {stdev(column):.3f}" for column in zip(*rows)]
        lines.append(f"| all | {' | '.join(spreads)} |")
    return "\n".join([*lines, "", _origin(record)])


def trained(record: dict[str, Any]) -> str:
    """Validation metric of one training, and the test metric where it was tested."""
    metric = record["metric"]
    lines = [f"| after | validation {metric} |", "|--:|--:|"]
    lines += [f"| {step} | {value:.3f} |" for step, value in record["curve"].items()]
    if "test" in record:
        lines += ["", f"Test images: {metric} {record['test'][metric]:.3f}."]
    return "\n".join([*lines, "", _origin(record)])


def camvid(record: dict[str, Any]) -> str:
    """Test scores of segmentors beside those of predicting the commonest class everywhere."""
    floor = record["commonest_class"]
    lines = [
        "| | mIoU, % | right pixels, % | mIoU by seed | parameters in use |",
        "|---|--:|--:|--:|--:|",
        f"| {floor['class']} everywhere, the commonest class | {floor['mIoU']:.2f} | {floor['aAcc']:.2f} | | |",
    ]
    for name, entry in record["segmentors"].items():
        cells = [_spread(entry["mean"][key], entry["std"][key]) for key in ("mIoU", "aAcc")]
        cells.append(", ".join(f"{run['test']['mIoU']:.2f}" for run in entry["runs"]))
        lines.append(f"| `{name}` | {' | '.join(cells)} | {entry['params']:,} |")
    return "\n".join([*lines, "", _origin(record)])


def _spread(mean: float, std: float | None) -> str:
    return f"{mean:.2f}" if std is None else f"{mean:.2f} ± {std:.2f}"


def backbone_speed(record: dict[str, Any]) -> str:
    """How much faster backbones are inside detectors."""
    header = ["detector", "image", "eager, ms", "folded by torch", "by onnxruntime", "largest difference"]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in record["detectors"].items():
        rows, size = entry["rows"], "x".join(map(str, entry["size"]))
        cells = [f"`{name}`", size, f"{rows['eager']['milliseconds']:.0f}"]
        for row in (rows["torch"], rows["onnx"]):
            cells.append("{:.2f}x ({:.2f}–{:.2f})".format(row["speed_up"], *row["speed_up_quartiles"]))
        cells.append(f"{max(row['difference'] for row in rows.values()):.0e}")
        lines.append(f"| {' | '.join(cells)} |")
    note = f"Speed-ups: median and quartiles of {record['repeats']} turns. Differences: of a map's largest number."
    return "\n".join([*lines, "", note, _origin(record)])


def compared(record: dict[str, Any]) -> str:
    """Final values of several strategies on several tasks, and what the rank test says against the reference."""
    tasks, reference = record["tasks"], record["reference"]
    marks = {"worse": " ▲", "better": " ▼", "same": ""}  # the verdict is the reference's
    lines = [f"| strategy | {' | '.join(tasks)} | seconds |", "|---|" + "--:|" * (len(tasks) + 1)]
    for name in next(iter(tasks.values()))["strategies"]:
        rows = [entry["strategies"][name] for entry in tasks.values()]
        cells = [f"{_figure(row['mean'], row['std'])}{marks.get(row.get('verdict'), '')}" for row in rows]
        seconds = sum(row["seconds"] for row in rows) / len(rows)
        lines.append(f"| {name} | {' | '.join(cells)} | {seconds:.2f} |")
    if None not in (optima := [entry["optimum"] for entry in tasks.values()]):
        lines.append(f"| *optimum* | {' | '.join(_figure(optimum, None) for optimum in optima)} | |")
    lines += [
        "",
        f"{record['budget']} candidates. ▲ better than {reference}, ▼ worse than it (Mann-Whitney, p < 0.05 after "
        f"Holm's correction over {record['tests']} tests), no mark: no difference shown.",
    ]
    if "transfer" in record:
        matrix = record["transfer"][reference]
        lines += [
            "",
            f"| winners of {reference} on ↓, looked up on → | {' | '.join(tasks)} |",
            "|---|" + "--:|" * len(tasks),
        ]
        lines += [f"| {task} | {' | '.join(f'{x:.1f}' for x in row)} |" for task, row in zip(tasks, matrix)]
        lines += ["", "Mean percentage of the table's architectures that they beat."]
    return "\n".join([*lines, "", _origin(record)])


def _figure(value: float, spread: float | None) -> str:
    digits = 2 if abs(value) >= 10 else 4
    return f"{value:.{digits}f}" if spread is None else f"{value:.{digits}f} ± {spread:.{digits}f}"


def _origin(record: dict[str, Any]) -> str:
    seeds = len(record["seeds"])
    runs = f"{seeds} seeds, mean ± standard deviation" if seeds > 1 else "one run, no spread"
    runs += ", fewer than three seeds" if seeds == 2 else ""
    return f"*{runs}; commit {record['commit']}, torch {record['versions']['torch']}; `{record['command']}`*"


WRITERS: dict[str, Callable[[Any], str]] = {
    "camvid": camvid,
    "backbone_speed": backbone_speed,
    **dict.fromkeys((f"compare_{name}" for name in COMPARISONS), compared),
    "overfit_detectors": overfitted,
    "overfit_detectors_shapes": overfitted,
    "overfit_poses": overfitted,
    "overfit_segmentors": overfitted,
    "pose_shapes": stick_figures,
    "quickstart": quickstart,
    "retrain_cifar10": retrained_cells,
    "retrain_cifar10-mini": retrained_cells,
    "search_cifar10": search_generations,
    "search_cifar10-mini": search_generations,
    "search_nasbench201": search_nasbench201,
    "search_reference": search_reference,
    "ssdlite_voc-mini": trained,
    "zoo": zoo,
}


def read_record(name: str) -> Any:
    """The result file of a block, or `None`."""
    results = ROOT / "docs" / "results"
    for path in (results / f"{name}.json", results / name / "summary.json"):
        if path.is_file():
            return json.loads(path.read_text())
    return None


def written(text: str, source: Path) -> str:
    """The text of a page with every block written anew."""

    def write(match: re.Match[str]) -> str:
        name = match[2]
        if name not in WRITERS:
            raise UserError(f"{source} has a block of figures {name!r}; known are {', '.join(WRITERS)}")
        return f"{match[1]}{WRITERS[name](read_record(name))}\n{match[3]}"

    return BLOCK.sub(write, text)


@reports_user_errors
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if a block is out of date")
    check = parser.parse_args().check
    stale = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        old = page.read_text()
        new = written(old, page)
        if new != old:
            stale.append(page.relative_to(ROOT))
            if not check:
                page.write_text(new)
    print(f"{'out of date' if check else 'written'}: {', '.join(map(str, stale)) or 'nothing'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    main()
