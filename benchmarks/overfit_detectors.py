"""Overfitting check of detectors: mAP on the few images that they are trained on, without augmentation.

`VOC_ROOT=… python benchmarks/overfit_detectors.py configs/ssdlite/ssdlite320_relativenas-c16l6_20e_voc-mini.py`
fills docs/results/overfit_detectors.json .  A detector whose matching, coding, loss or decoding is wrong does not pass.
"""

import argparse
import json
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.checks import check_before_running
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.launch import build_runner, read_config
from relnas_mm.plots.training import loss_curve, metric_curve
from relnas_mm.provenance import provenance

METRIC = "pascal_voc/mAP"
SEED = 0


def first_dataset(node: ConfigDict) -> ConfigDict:
    """The data set inside wrappers; the first of several."""
    while "data_root" not in node:
        node = node.datasets[0] if "datasets" in node else node.dataset
    return node


def plain_pipeline(test_pipeline: list[ConfigDict]) -> list[ConfigDict]:
    """The steps of testing, with the boxes loaded early so that they are resized like the image."""
    load, *others = test_pipeline
    return [load, *sorted(others, key=lambda step: step.type != "LoadAnnotations")]


def overfit_config(path: str, images: int, iterations: int, lr: float) -> Config:
    """The detector of a config, to be trained and validated on the first images of its training set."""
    config = read_config(path)
    config.model.backbone.init_cfg = None  # nothing is fetched
    test_pipeline = config.test_dataloader.dataset.pipeline
    data = first_dataset(config.train_dataloader.dataset).copy()
    data.update(indices=images, filter_cfg=None, pipeline=plain_pipeline(test_pipeline))
    loader = {"batch_size": images, "num_workers": 1, "persistent_workers": True}
    config.train_dataloader = {**loader, "dataset": data, "sampler": dict(type="InfiniteSampler", shuffle=False)}
    config.val_dataloader = {
        **loader,
        "dataset": {**data, "keep_difficult": True, "test_mode": True, "pipeline": test_pipeline},
        "sampler": dict(type="DefaultSampler", shuffle=False),
    }
    config.train_cfg = dict(type="IterBasedTrainLoop", max_iters=iterations, val_interval=max(iterations // 4, 1))
    config.param_scheduler = [dict(type="CosineAnnealingLR", by_epoch=False, T_max=iterations, eta_min=0)]
    config.optim_wrapper = dict(
        type="OptimWrapper", optimizer=dict(type="AdamW", lr=lr, weight_decay=0.0), clip_grad=dict(max_norm=10)
    )
    config.custom_hooks = [dict(type="ChannelsLastHook")]
    config.default_hooks.logger = dict(type="LoggerHook", interval=1, log_metric_by_epoch=False)
    config.default_hooks.checkpoint = dict(type="CheckpointHook", interval=iterations, by_epoch=False)
    config.log_processor = dict(type="LogProcessor", window_size=1, by_epoch=False)
    config.visualizer.name = Path(path).stem  # or the second detector would get the first one's
    config.randomness = dict(seed=SEED)
    return config


def overfit(path: str, images: int, iterations: int, lr: float) -> dict[str, Any]:
    """Trains in a temporary folder; how the mAP on the training images rose."""
    config = overfit_config(path, images, iterations, lr)
    with tempfile.TemporaryDirectory() as folder:
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
            "mAP": metric_curve(Path(folder), METRIC),
        }


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", nargs="+", help="config files of detectors on data in VOC layout")
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--lr", type=float, default=2e-3, help="of AdamW; falls to 0 by a cosine")
    parser.add_argument("--out", type=Path, default=Path("docs/results/overfit_detectors.json"))
    args = parser.parse_args()
    if args.images < 2 or args.iterations < 1:
        raise UserError(f"--images is {args.images}, --iterations {args.iterations}; at least 2 and 1 are needed")
    results = {
        **provenance(f"python benchmarks/overfit_detectors.py {shlex.join(sys.argv[1:])}"),
        "seeds": [SEED],
        "images": args.images,
        "iterations": args.iterations,
        "metric": METRIC,
        "detectors": {Path(path).stem: overfit(path, args.images, args.iterations, args.lr) for path in args.configs},
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(results, indent=1) + "\n")
    for name, row in results["detectors"].items():
        print(f"{name}: mAP {list(row['mAP'].values())[-1]:.3f} after {row['seconds']} s")


if __name__ == "__main__":
    main()
