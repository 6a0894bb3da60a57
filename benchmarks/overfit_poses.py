"""Overfitting check of pose estimators: AP on the few persons that they are trained on, not augmented, not flipped.

`COCO_ROOT=… python benchmarks/overfit_poses.py CONFIG …`, with configs on data in COCO's layout, fills
docs/results/overfit_poses.json .  An estimator whose crops, heat-maps, loss or decoding are wrong does not pass.
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
from mmengine.registry import DATASETS, init_default_scope

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.checks import check_before_running
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.launch import build_runner, read_config
from relnas_mm.plots.training import loss_curve, metric_curve
from relnas_mm.provenance import provenance

METRIC = "coco/AP"
SEED = 0


def first_persons(dataset: ConfigDict, persons: int, path: Path) -> None:
    """Writes an annotation file of the first persons of a data set, so that they are all that counts in the AP."""
    init_default_scope("mmpose")
    data: Any = DATASETS.build({**dataset, "pipeline": [], "indices": persons})
    truth = [data.get_data_info(index)["raw_ann_info"] for index in range(len(data))]
    content = json.loads(Path(data.ann_file).read_text())
    used = {person["image_id"] for person in truth}
    content["images"] = [image for image in content["images"] if image["id"] in used]
    path.write_text(json.dumps({**content, "annotations": truth}))


def overfit_config(path: str, annotations: Path, persons: int, iterations: int, lr: float) -> Config:
    """The estimator of a config, to be trained and validated on the first persons of its training set."""
    config = read_config(path)
    config.work_dir = str(annotations.parent)
    check_before_running(config, ("train_dataloader",))
    first_persons(config.train_dataloader.dataset, persons, annotations)
    config.model.backbone.init_cfg = None  # nothing is fetched
    config.model.test_cfg.flip_test = False  # no flipped person is learned
    *load, pack = config.test_dataloader.dataset.pipeline
    data = {**config.train_dataloader.dataset, "ann_file": str(annotations)}
    loader = {"batch_size": persons, "num_workers": 1, "persistent_workers": True}
    target = dict(type="GenerateTarget", encoder=config.model.head.decoder)
    config.train_dataloader = {
        **loader,
        "dataset": {**data, "pipeline": [*load, target, pack]},
        "sampler": dict(type="InfiniteSampler", shuffle=False),
    }
    config.val_dataloader = {
        **loader,
        "dataset": {**data, "test_mode": True, "pipeline": [*load, pack]},
        "sampler": dict(type="DefaultSampler", shuffle=False, round_up=False),
    }
    config.val_evaluator = dict(type="CocoMetric", ann_file=str(annotations))
    config.train_cfg = dict(type="IterBasedTrainLoop", max_iters=iterations, val_interval=max(iterations // 4, 1))
    config.param_scheduler = [dict(type="CosineAnnealingLR", by_epoch=False, T_max=iterations, eta_min=0)]
    config.optim_wrapper = dict(
        type="OptimWrapper", optimizer=dict(type="AdamW", lr=lr, weight_decay=0.0), clip_grad=dict(max_norm=10)
    )
    config.custom_hooks = [dict(type="ChannelsLastHook")]
    config.default_hooks.logger = dict(type="LoggerHook", interval=1, log_metric_by_epoch=False)
    config.default_hooks.checkpoint = dict(type="CheckpointHook", interval=iterations, by_epoch=False)
    config.log_processor = dict(type="LogProcessor", window_size=1, by_epoch=False)
    config.visualizer.name = Path(path).stem  # or the second estimator would get the first one's
    config.randomness = dict(seed=SEED)
    return config


def overfit(path: str, persons: int, iterations: int, lr: float) -> dict[str, Any]:
    """Trains in a temporary folder; how the AP on the training persons rose."""
    with tempfile.TemporaryDirectory() as folder:
        config = overfit_config(path, Path(folder, "persons.json"), persons, iterations, lr)
        start = time.perf_counter()
        runner = build_runner(config)
        runner.train()
        losses = list(loss_curve(Path(folder)).values())
        return {
            "params": sum(parameter.numel() for parameter in runner.model.parameters()),
            "seconds": round(time.perf_counter() - start, 1),
            "first_loss": losses[0],
            "last_loss": losses[-1],
            "AP": {step: round(value, 4) for step, value in metric_curve(Path(folder), METRIC).items()},
        }


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", help="config files of top-down estimators on data in COCO's layout")
    parser.add_argument("--persons", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--lr", type=float, default=2e-3, help="of AdamW; falls to 0 by a cosine")
    parser.add_argument("--out", type=Path, default=Path("docs/results/overfit_poses.json"))
    args = parser.parse_args()
    if args.persons < 2 or args.iterations < 1:
        raise UserError(f"--persons is {args.persons}, --iterations {args.iterations}; at least 2 and 1 are needed")
    results = {
        **provenance(f"python benchmarks/overfit_poses.py {shlex.join(sys.argv[1:])}"),
        "seeds": [SEED],
        "persons": args.persons,
        "iterations": args.iterations,
        "metric": METRIC,
        "poses": {Path(path).stem: overfit(path, args.persons, args.iterations, args.lr) for path in args.configs},
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(args.out, json.dumps(results, indent=1) + "\n")
    for name, row in results["poses"].items():
        print(f"{name}: AP {list(row['AP'].values())[-1]:.3f} after {row['seconds']} s")


if __name__ == "__main__":
    main()
