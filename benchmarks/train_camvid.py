"""Trains segmentors on CamVid and says how far they beat predicting the commonest class everywhere.

`CAMVID_ROOT=… python benchmarks/train_camvid.py CONFIG … --genotype docs/results/search_cifar10-mini/genotype.json`
trains by tools/train.py in WORK_DIR/<config> (a finished training is not repeated), tests the last checkpoint on the
test images, fills docs/results/camvid.json, and draws images, labels and predictions into docs/images/.
"""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.config import Config, ConfigDict
from mmengine.registry import DATASETS, init_default_scope

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.engine.training_curve import loss_curve, metric_curve, scalars
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.launch import read_config
from relnas_mm.provenance import provenance

METRIC = "mIoU"
CELL = "CellBackbone"


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", help="configs of segmentors on CamVid")
    parser.add_argument("--genotype", help="of the cell backbones [that of the configs]")
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/camvid"))
    parser.add_argument("--images", type=int, default=3, help="how many test images are drawn")
    parser.add_argument("--cfg-options", nargs="*", default=[], help="passed on to tools/train.py")
    parser.add_argument("--out", type=Path, default=Path("docs/results/camvid.json"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/images"))
    args = parser.parse_args()
    runs = {Path(path).stem: run(path, args) for path in args.configs}
    data = test_data(read_config(args.configs[0]))
    results = {
        **provenance(f"python benchmarks/train_camvid.py {shlex.join(sys.argv[1:])}"),
        "test_images": len(data),
        "commonest_class": baseline(data),
        "segmentors": {name: row for name, (row, _) in runs.items()},
    }
    write_atomically(args.out, json.dumps(results, indent=1) + "\n")
    for name, (_, checkpoint) in runs.items():
        draw(checkpoint, data, args.images, args.pictures / f"camvid_{name.split('_')[0]}.jpg")
    print(f"commonest class: {results['commonest_class']}")
    for name, row in results["segmentors"].items():
        print(f"{name}: {METRIC} {row['test'][METRIC]:.2f}, {row['minutes']} minutes of training")


def run(path: str, args: argparse.Namespace) -> tuple[dict[str, Any], Path]:
    """Trains and tests one segmentor; its figures and its checkpoint."""
    folder = args.work_dir / Path(path).stem
    options = [*args.cfg_options]
    if args.genotype:
        options.append(f"{key_of_cell(read_config(path).model, 'model')}.genotype={args.genotype}")
    with_options = ["--cfg-options", *options] if options else []
    checkpoint = folder / "last_checkpoint"
    if not checkpoint.exists():
        tool("train.py", path, "--work-dir", str(folder), *with_options)
    weights = Path(checkpoint.read_text())
    tested = folder / "test.json"
    tool("test.py", path, str(weights), "--work-dir", str(folder / "test"), "--out", str(tested), *with_options)
    rows = [row for row in scalars(folder) if "loss" in row]
    losses = list(loss_curve(folder).values())
    figures = {
        "iterations": int(rows[-1]["step"]),
        "minutes": round(sum(row["time"] for row in rows) * rows[0]["step"] / 60, 1),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "val_mIoU": {step: round(value, 2) for step, value in metric_curve(folder, METRIC).items()},
        "test": {key: round(value, 2) for key, value in json.loads(tested.read_text()).items() if "time" not in key},
    }
    return figures, weights


def tool(name: str, *arguments: str) -> None:
    """Runs a tool of this repository."""
    done = subprocess.run([sys.executable, f"tools/{name}", *arguments])
    if done.returncode:
        raise UserError(f"tools/{name} {shlex.join(arguments)} ended with {done.returncode}")


def key_of_cell(node: ConfigDict, name: str) -> str:
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


def draw(checkpoint: Path, data: Any, images: int, path: Path) -> None:
    """Draws rows of image, label map and prediction, in the colours of the data set."""
    from mmseg.apis import inference_model, init_model  # after relnas_mm, which mmseg needs without a compiled mmcv

    (config,) = checkpoint.parent.glob("*.py")
    model = init_model(str(config), str(checkpoint), device="cpu")
    palette = np.array([*data.metainfo["palette"], [0, 0, 0]], dtype=np.uint8)[:, ::-1]
    rows = []
    for index in np.linspace(0, len(data) - 1, images + 2).astype(int)[1:-1]:
        item = data[int(index)]
        predicted = inference_model(model, item["img"]).pred_sem_seg.data[0].numpy()
        maps = [palette[np.minimum(ids, len(palette) - 1)] for ids in (item["gt_seg_map"], predicted)]
        rows.append(
            np.hstack([cv2.resize(part, (240, 180), interpolation=cv2.INTER_AREA) for part in (item["img"], *maps)])
        )
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
