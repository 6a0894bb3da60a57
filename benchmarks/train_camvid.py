"""Trains segmentors on CamVid and says how far they beat predicting the commonest class everywhere.

`CAMVID_ROOT=… python benchmarks/train_camvid.py CONFIG … --genotype docs/results/search_cifar10-mini/genotype.json`
trains every config with every seed by tools/train.py in WORK_DIR/<config>/<seed>, tests the last checkpoints on the
test images, fills docs/results/camvid.json, and draws images, labels and predictions of the first seed into
docs/images/.  A run that is finished is not repeated, one that was cut off is resumed.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.launch import read_config
from relnas_mm.plots.training import loss_curve, metric_curve, scalars
from relnas_mm.provenance import provenance

METRIC = "mIoU"
CELL = "CellBackbone"


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", help="configs of segmentors on CamVid")
    parser.add_argument("--genotype", help="of the cell backbones [that of the configs]")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/camvid"))
    parser.add_argument("--images", type=int, default=3, help="how many test images are drawn")
    parser.add_argument("--cfg-options", nargs="*", default=[], help="passed on to tools/train.py")
    parser.add_argument("--out", type=Path, default=Path("docs/results/camvid.json"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/images"))
    args = parser.parse_args()
    data = test_data(read_config(args.configs[0]))
    runs = {(path, seed): run(path, seed, args) for seed in args.seeds for path in args.configs}
    segmentors = {Path(path).stem: summary([runs[path, seed] for seed in args.seeds]) for path in args.configs}
    models = {path: trained_model(folder_of(path, args.seeds[0], args)) for path in args.configs}
    for path, model in models.items():
        segmentors[Path(path).stem]["params"] = parameters_in_use(model)
    results = {
        **provenance(f"python benchmarks/train_camvid.py {shlex.join(sys.argv[1:])}"),
        "seeds": args.seeds,
        "test_images": len(data),
        "commonest_class": baseline(data),
        "segmentors": segmentors,
    }
    write_atomically(args.out, json.dumps(results, indent=1) + "\n")
    for path, model in models.items():
        draw(model, data, args.images, args.pictures / f"camvid_{Path(path).stem.split('_')[0]}.jpg")
    print(f"commonest class: {results['commonest_class']}")
    for name, row in segmentors.items():
        print(f"{name}: {METRIC} {row['mean'][METRIC]:.2f}, {row['minutes']} minutes of training")


def folder_of(path: str, seed: int, args: argparse.Namespace) -> Path:
    """Where a config is trained with a seed."""
    return args.work_dir / Path(path).stem / str(seed)


def run(path: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Trains and tests one segmentor, unless that is done already; its figures."""
    folder = folder_of(path, seed, args)
    options = [f"randomness.seed={seed}", *args.cfg_options]
    if args.genotype:
        options.append(f"{key_of_cell(read_config(path).model, 'model')}.genotype={args.genotype}")
    tested = folder / "test.json"
    if not tested.exists():
        tool("train.py", path, "--work-dir", str(folder), "--resume", "--cfg-options", *options)
        weights = (folder / "last_checkpoint").read_text()
        arguments = (path, weights, "--work-dir", str(folder / "test"), "--out", str(tested))
        tool("test.py", *arguments, "--cfg-options", *options)
    rows = [row for row in scalars(folder) if "loss" in row]
    losses = list(loss_curve(folder).values())
    return {
        "seed": seed,
        "iterations": int(rows[-1]["step"]),
        "minutes": round(sum(row["time"] for row in rows) * rows[0]["step"] / 60, 1),
        "first_loss": round(losses[0], 4),
        "last_loss": round(losses[-1], 4),
        "val_mIoU": {step: round(value, 2) for step, value in metric_curve(folder, METRIC).items()},
        "test": {key: round(value, 2) for key, value in json.loads(tested.read_text()).items() if "time" not in key},
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation of the test scores of several seeds, in percent, and the single runs."""
    scores = {key: [run["test"][key] for run in runs] for key in runs[0]["test"]}
    return {
        "minutes": round(statistics.mean(run["minutes"] for run in runs), 1),
        "mean": {key: round(statistics.mean(values), 2) for key, values in scores.items()},
        "std": {key: round(statistics.stdev(values), 2) if len(values) > 1 else None for key, values in scores.items()},
        "runs": runs,
    }


def tool(name: str, *arguments: str) -> None:
    """Runs a tool of this repository."""
    done = subprocess.run([sys.executable, f"tools/{name}", *arguments])
    if done.returncode:
        raise UserError(f"tools/{name} {shlex.join(arguments)} ended with {done.returncode}")


def key_of_cell(node: Any, name: str) -> str:
    """Where in a model's config the cell backbone is."""
    if node.get("type") == CELL:
        return name
    for key, part in node.items():
        if isinstance(part, dict) and (found := key_of_cell(part, f"{name}.{key}")):
            return found
    return ""


def test_data(config: Config) -> Any:
    """The test images of a config, not augmented and not resized."""
    init_default_scope("mmseg")
    pipeline = [dict(type="LoadImageFromFile"), dict(type="LoadAnnotations")]
    return DATASETS.build(config.test_dataloader.dataset | {"pipeline": pipeline})


def baseline(data: Any) -> dict[str, Any]:
    """Scores, in percent, of predicting the commonest class of the images at every pixel."""
    classes = data.metainfo["classes"]
    counts = np.zeros(256, dtype=np.int64)
    for index in range(len(data)):
        counts += np.bincount(data[index]["gt_seg_map"].ravel(), minlength=256)
    shares = counts[: len(classes)] / counts[: len(classes)].sum()
    best = int(shares.argmax())
    # its union is every pixel, and no other class is ever right
    return {
        "class": classes[best],
        METRIC: round(float(100 * shares[best] / len(classes)), 2),
        "aAcc": round(float(100 * shares[best]), 2),
    }


def parameters_in_use(model: Any) -> int:
    """Without those of auxiliary heads, which run in training only."""
    return sum(p.numel() for name, p in model.named_parameters() if not name.startswith("auxiliary_head"))


def trained_model(folder: Path) -> Any:
    """The model of a training, by mmseg's API."""
    from mmseg.apis import init_model  # after relnas_mm, which mmseg needs without a compiled mmcv

    (config,) = folder.glob("*.py")
    return init_model(str(config), (folder / "last_checkpoint").read_text(), device="cpu")


def draw(model: Any, data: Any, images: int, path: Path) -> None:
    """Draws rows of image, label map and prediction, in the colours of the data set."""
    from mmseg.apis import inference_model

    palette = np.array([*data.metainfo["palette"], [0, 0, 0]], dtype=np.uint8)[:, ::-1]
    rows = []
    for index in np.linspace(0, len(data) - 1, images + 2).astype(int)[1:-1]:
        item = data[int(index)]
        result: Any = inference_model(model, item["img"])
        predicted = result.pred_sem_seg.data[0].numpy()
        maps = [palette[np.minimum(ids, len(palette) - 1)] for ids in (item["gt_seg_map"], predicted)]
        rows.append(
            np.hstack([cv2.resize(part, (240, 180), interpolation=cv2.INTER_AREA) for part in (item["img"], *maps)])
        )
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
