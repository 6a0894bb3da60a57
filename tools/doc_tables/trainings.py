"""Tables of trained detectors, segmentors and pose estimators."""

from statistics import mean, stdev
from typing import Any

from doc_tables.origin import origin, spread


def overfitted(record: dict[str, Any]) -> str:
    """Overfitting check: training-set metric of detectors, segmentors or pose estimators on a few samples."""
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
    return "\n".join([*lines, "", origin(record)])


def stick_figures(record: dict[str, Any]) -> str:
    """Scores of a pose estimator on stick figures by epoch, and all metrics of the last epoch."""
    runs, names = record["runs"], ("AP .5", "AP .75", "AR")
    lines = [f"| {' | '.join(['seed', *(f'AP after {epoch}' for epoch in runs[0]['curve']), *names])} |"]
    lines.append("|--:|" + "--:|" * (len(runs[0]["curve"]) + len(names)))
    rows = [[*run["curve"].values(), *(run["last"][f"coco/{name}"] for name in names)] for run in runs]
    for run, row in zip(runs, rows):
        lines.append(f"| {run['seed']} | {' | '.join(f'{cell:.3f}' for cell in row)} |")
    if len(runs) > 1:
        spreads = [f"{mean(column):.3f} ± {stdev(column):.3f}" for column in zip(*rows)]
        lines.append(f"| mean | {' | '.join(spreads)} |")
    return "\n".join([*lines, "", origin(record)])


def trained(record: dict[str, Any]) -> str:
    """Validation metric of one training by epoch, and the test metric if it was tested."""
    metric = record["metric"]
    lines = [f"| epoch | validation {metric} |", "|--:|--:|"]
    lines += [f"| {step} | {value:.3f} |" for step, value in record["curve"].items()]
    if "test" in record:
        lines += ["", f"Test images: {metric} {record['test'][metric]:.3f}."]
    return "\n".join([*lines, "", origin(record)])


def camvid(record: dict[str, Any]) -> str:
    """Test scores of segmentors next to the majority-class baseline."""
    floor = record["commonest_class"]
    lines = [
        "| | mIoU, % | pixel accuracy, % | mIoU by seed | parameters in use |",
        "|---|--:|--:|--:|--:|",
        f"| majority-class baseline ({floor['class']}) | {floor['mIoU']:.2f} | {floor['aAcc']:.2f} | | |",
    ]
    for name, entry in record["segmentors"].items():
        cells = [spread(entry["mean"][key], entry["std"][key]) for key in ("mIoU", "aAcc")]
        cells.append(", ".join(f"{run['test']['mIoU']:.2f}" for run in entry["runs"]))
        lines.append(f"| `{name}` | {' | '.join(cells)} | {entry['params']:,} |")
    return "\n".join([*lines, "", origin(record)])


WRITERS = {
    "camvid": camvid,
    "overfit_detectors": overfitted,
    "overfit_detectors_shapes": overfitted,
    "overfit_poses": overfitted,
    "overfit_segmentors": overfitted,
    "pose_shapes": stick_figures,
    "ssdlite_voc-mini": trained,
}
