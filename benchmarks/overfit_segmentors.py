"""Overfitting check of segmentors: mIoU on the few images that they are trained on, without augmentation.

`python benchmarks/overfit_segmentors.py CONFIG …`, with configs on the generated shapes data, fills
docs/results/overfit_segmentors.json .  A segmentor whose labels, loss, upsampling or decoding is wrong does not pass.
"""

import argparse
import json
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mmengine.config import Config

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.checks import check_before_running
from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.launch import build_runner, read_config
from relnas_mm.plots.training import loss_curve, metric_curve
from relnas_mm.provenance import provenance

METRIC = "mIoU"
SEED = 0
SCALE = (512, 256)


def overfit_config(path: str, data_root: Path, images: int, iterations: int, lr: float) -> Config:
    """The segmentor of a config, to be trained and validated on generated images, twice as large as they are."""
    config = read_config(path)
    load, labels, pack = dict(type="LoadImageFromFile"), dict(type="LoadAnnotations"), dict(type="PackSegInputs")
    resize = dict(type="Resize", scale=SCALE, keep_ratio=True)
    data = {**config.train_dataloader.dataset, "data_root": str(data_root)}
    loader = {"num_workers": 1, "persistent_workers": True}
    config.train_dataloader = {
        **loader,
        "batch_size": images,
        "dataset": {**data, "pipeline": [load, labels, resize, pack]},
        "sampler": dict(type="InfiniteSampler", shuffle=False),
    }
    config.val_dataloader = {
        **loader,
        "batch_size": 1,
        "dataset": {**data, "test_mode": True, "pipeline": [load, resize, labels, pack]},
        "sampler": dict(type="DefaultSampler", shuffle=False),
    }
    config.model.data_preprocessor.size = SCALE[::-1]
    config.train_cfg = dict(type="IterBasedTrainLoop", max_iters=iterations, val_interval=max(iterations // 4, 1))
    config.param_scheduler = [
        dict(type="LinearLR", by_epoch=False, start_factor=0.01, begin=0, end=20),
        dict(type="CosineAnnealingLR", by_epoch=False, T_max=iterations, eta_min=0),
    ]
    config.optim_wrapper = dict(
        type="OptimWrapper", optimizer=dict(type="AdamW", lr=lr, weight_decay=0.0), clip_grad=dict(max_norm=10)
    )
    config.default_hooks.logger = dict(type="LoggerHook", interval=1, log_metric_by_epoch=False)
    config.default_hooks.checkpoint = dict(type="CheckpointHook", interval=iterations, by_epoch=False)
    config.log_processor = dict(type="LogProcessor", window_size=1, by_epoch=False)
    config.randomness = dict(seed=SEED)
    config.visualizer.name = Path(path).stem  # or the second segmentor would get the first one's
    return config


def overfit(path: str, images: int, iterations: int, lr: float) -> dict[str, Any]:
    """Trains in a temporary folder; how the mIoU on the training images rose."""
    with tempfile.TemporaryDirectory() as folder:
        data_root = Path(folder) / "data"
        generate_shapes(str(data_root), "cityscapes", {"train": images, "val": 1}, progress=False)
        config = overfit_config(path, data_root, images, iterations, lr)
        config.work_dir = folder
        check_before_running(config, ("train_dataloader",))
        start = time.perf_counter()
        runner = build_runner(config)
        runner.train()
        losses = list(loss_curve(Path(folder)).values())
        return {
            "params": sum(parameter.numel() for parameter in runner.model.parameters()),
            "seconds": round(time.perf_counter() - start, 1),
            "first_loss": round(losses[0], 4),
            "last_loss": round(losses[-1], 4),
            METRIC: {step: round(value, 2) for step, value in metric_curve(Path(folder), METRIC).items()},
        }


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", help="config files of segmentors on the generated shapes data")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--lr", type=float, default=4e-3, help="of AdamW; falls to 0 by a cosine")
    parser.add_argument("--out", type=Path, default=Path("docs/results/overfit_segmentors.json"))
    args = parser.parse_args()
    if args.images < 2 or args.iterations < 1:
        raise UserError(f"--images is {args.images}, --iterations {args.iterations}; at least 2 and 1 are needed")
    results = {
        **provenance(f"python benchmarks/overfit_segmentors.py {shlex.join(sys.argv[1:])}"),
        "seeds": [SEED],
        "images": args.images,
        "iterations": args.iterations,
        "metric": METRIC,
        "segmentors": {Path(path).stem: overfit(path, args.images, args.iterations, args.lr) for path in args.configs},
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out, json.dumps(results, indent=1) + "\n")
    for name, row in results["segmentors"].items():
        print(f"{name}: {METRIC} {list(row[METRIC].values())[-1]:.2f} after {row['seconds']} s")


if __name__ == "__main__":
    main()
