"""Trains a pose estimator on generated stick figures and draws what it finds on figures that it has not seen.

`SHAPES_ROOT=… python benchmarks/train_stick_figures.py --seeds 0 1 2` trains by tools/train.py in WORK_DIR/seedN (a
finished training is not repeated), fills docs/results/pose_shapes.json, and draws the truth and the joints found by the
first seed's estimator into docs/images/pose_shapes.jpg .
"""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import mmcv
import numpy as np
from mmengine.registry import DATASETS, VISUALIZERS, init_default_scope

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.launch import read_config
from relnas_mm.plots.training import loss_curve, metric_curve, scalars
from relnas_mm.provenance import provenance

CONFIG = "configs/simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py"
METRIC = "coco/AP"
SIDE = 240


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default=CONFIG)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/stick_figures"))
    parser.add_argument("--images", type=int, default=4, help="how many validation images are drawn")
    parser.add_argument("--out", type=Path, default=Path("docs/results/pose_shapes.json"))
    parser.add_argument("--picture", type=Path, default=Path("docs/images/pose_shapes.jpg"))
    args = parser.parse_args()
    runs = [run(args.config, args.work_dir / f"seed{seed}", seed) for seed in args.seeds]
    results = {
        **provenance(f"python benchmarks/train_stick_figures.py {shlex.join(sys.argv[1:])}".strip()),
        "seeds": args.seeds,
        "config": Path(args.config).stem,
        "metric": METRIC,
        "runs": runs,
    }
    write_atomically(args.out, json.dumps(results, indent=1) + "\n")
    draw(args.work_dir / f"seed{args.seeds[0]}", args.images, args.picture)
    for seed, row in zip(args.seeds, runs):
        print(f"seed {seed}: AP {row['last'][METRIC]:.3f}, {row['minutes']} minutes of training")


def run(config: str, folder: Path, seed: int) -> dict[str, Any]:
    """Trains one estimator, unless that is done; its figures."""
    if not (folder / "last_checkpoint").exists() or not finished(config, folder):
        options = [f"randomness.seed={seed}", "train_dataloader.num_workers=1", "val_dataloader.num_workers=1"]
        command = [sys.executable, "tools/train.py", config, "--work-dir", str(folder), "--cfg-options", *options]
        if subprocess.run(command).returncode:
            raise UserError(f"the training in {str(folder)!r} did not end well")
    steps = [row for row in scalars(folder) if "loss" in row]
    validations = [row for row in scalars(folder) if METRIC in row]
    losses = list(loss_curve(folder).values())
    interval = steps[1]["step"] - steps[0]["step"]
    return {
        "seed": seed,
        "iterations": steps[-1]["step"],
        "minutes": round(sum(row["time"] for row in steps) * interval / 60, 1),
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "curve": {step: round(value, 4) for step, value in metric_curve(folder, METRIC).items()},
        "last": {key: round(value, 4) for key, value in validations[-1].items() if key.startswith("coco/")},
    }


def finished(config: str, folder: Path) -> bool:
    """Whether the last epoch has been validated."""
    return read_config(config).train_cfg.max_epochs in metric_curve(folder, METRIC)


def draw(folder: Path, images: int, path: Path) -> None:
    """Draws validation images in two rows: the joints that were drawn, those that were found."""
    from mmpose.apis import inference_topdown, init_model  # after relnas_mm, which mmpose needs without xtcocotools
    from mmpose.structures import merge_data_samples

    (config,) = folder.glob("*.py")
    model: Any = init_model(str(config), (folder / "last_checkpoint").read_text(), device="cpu")
    init_default_scope("mmpose")
    data: Any = DATASETS.build(model.cfg.val_dataloader.dataset)
    drawer: Any = VISUALIZERS.build(dict(type="PoseLocalVisualizer", name="figures", radius=3, line_width=2))
    drawer.set_dataset_meta(model.dataset_meta)
    persons = [data.get_data_info(index) for index in range(len(data))]
    chosen = list(dict.fromkeys(person["img_path"] for person in persons))[:images]
    columns = []
    for name in chosen:
        image = mmcv.imread(name, channel_order="rgb")
        here = [person for person in persons if person["img_path"] == name]
        found = inference_topdown(model, name, np.concatenate([person["bbox"] for person in here]))
        for person, sample in zip(here, found):
            sample.gt_instances.keypoints = person["keypoints"]
            sample.gt_instances.keypoints_visible = person["keypoints_visible"]
        merged = merge_data_samples(found)
        pictures = [
            drawer.add_datasample(name, image, merged, draw_gt=truth, draw_pred=not truth, draw_bbox=False, kpt_thr=0.3)
            for truth in (True, False)
        ]
        columns.append(np.vstack([cv2.resize(picture, (SIDE, SIDE)) for picture in pictures]))
    cv2.imwrite(str(path), np.hstack(columns)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
