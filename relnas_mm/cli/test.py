"""Evaluates a checkpoint: `python tools/test.py CONFIG CHECKPOINT [--show-dir DIR] [--cfg-options KEY=VALUE …]`."""

import argparse
import math
import sys
from pathlib import Path

from mmengine.config import Config

from relnas_mm.checks import check_before_running
from relnas_mm.cli.parser import runner_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_json
from relnas_mm.inference import RUNTIMES
from relnas_mm.launch import add_tool_hooks, load_config, run
from relnas_mm.outputs import output_file, output_folder


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = runner_parser(
        "Evaluate a checkpoint with MMEngine's Runner.",
        "my_config.py work_dirs/my_config/epoch_12.pth --show-dir pictures --out metrics.json",
    )
    command.add_argument("checkpoint", help="checkpoint file")
    command.add_argument("--show-dir", help="draw predictions on the images and save them to this folder")
    command.add_argument(
        "--show-images", type=int, metavar="N", help="with --show-dir: draw the first N images only [all]"
    )
    command.add_argument("--out", help="write the metrics to this JSON file")
    command.add_argument(
        "--fast-backbone", choices=RUNTIMES, help="fuse the backbone and run it by torch or onnxruntime"
    )
    return command


def draw_predictions(config: Config, folder: str) -> None:
    """Enables the visualization hook of the config's mm package."""
    if "visualization" not in config.get("default_hooks", {}):
        raise UserError(f"--show-dir {folder!r} needs default_hooks.visualization in the config")
    hook, folder = config.default_hooks.visualization, str(Path(folder).absolute())
    if hook.type.endswith("SegVisualizationHook"):
        hook.update(draw=True, interval=1)
        config.visualizer.save_dir = folder
    elif hook.type.endswith("PoseVisualizationHook"):
        hook.update(enable=True, out_dir=folder)
    else:
        hook.update(draw=True, test_out_dir=folder)


def write_metrics(metrics: dict[str, float], out: Path) -> None:
    """Writes the metrics, and says which of them are no finite numbers, as they are `null` in the file."""
    write_json(out, metrics, f"--out {str(out)!r}")
    if undefined := [name for name, value in metrics.items() if not math.isfinite(value)]:
        print(f"warning: {', '.join(undefined)} without a finite value: null in {out}", file=sys.stderr)


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    if not Path(args.checkpoint).is_file() and "://" not in args.checkpoint:
        raise UserError(f"the checkpoint {args.checkpoint!r} does not exist")
    if args.show_images is not None and (args.show_images < 0 or not args.show_dir):
        raise UserError(f"--show-images is {args.show_images}; it must not be negative, and needs --show-dir")
    config = load_config(args)
    config.load_from = args.checkpoint
    add_tool_hooks(config)
    config.custom_hooks = [*(config.get("custom_hooks") or []), dict(type="CheckpointFitHook")]
    if args.fast_backbone:
        config.custom_hooks.append(dict(type="FastBackboneHook", runtime=args.fast_backbone))
    if args.show_dir:
        draw_predictions(config, args.show_dir)
        if args.show_images is not None:
            config.custom_hooks.append(dict(type="DrawFirstHook", count=args.show_images))
        output_folder(args.show_dir, "--show-dir")
    out = output_file(args.out, "--out") if args.out is not None else None
    check_before_running(config, ("test_dataloader",))
    metrics = run(config, lambda runner: runner.test())
    if out:
        write_metrics({key: float(value) for key, value in metrics.items()}, out)
