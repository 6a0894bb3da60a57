"""Keeps what a training reached: `python benchmarks/keep_training.py WORK_DIR NAME --metric M --command COMMAND`.

Fills docs/results/NAME/ with summary.json (the validation metric by epoch or iteration, and all of the last one) and
the picture of the curve.
"""

import argparse
import json
from pathlib import Path

from mmengine.config import Config

import relnas_mm  # noqa: F401
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.plots.training import draw_curves, metric_curve, scalars
from relnas_mm.provenance import provenance


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work_dir", type=Path)
    parser.add_argument("name")
    parser.add_argument("--metric", required=True, help="the validation metric, such as pascal_voc/mAP")
    parser.add_argument("--command", required=True, help="what started the training, for the record")
    args = parser.parse_args()
    curve = metric_curve(args.work_dir, args.metric)
    if not curve:
        raise UserError(f"{str(args.work_dir)!r} has no validation with the metric {args.metric!r}")
    (config,) = args.work_dir.glob("*.py")
    rows = list(scalars(args.work_dir))
    last = [row for row in rows if args.metric in row][-1]
    folder = Path("docs/results") / args.name
    folder.mkdir(parents=True, exist_ok=True)
    summary = {
        **provenance(args.command),
        "seeds": [Config.fromfile(config).get("randomness", {}).get("seed")],
        "metric": args.metric,
        "curve": {str(step): value for step, value in curve.items()},
        "last": {key: value for key, value in last.items() if "/" in key},
    }
    write_atomically(folder / "summary.json", json.dumps(summary, indent=1) + "\n")
    draw_curves(args.work_dir, args.metric, folder / "training_curve.png")


if __name__ == "__main__":
    main()
