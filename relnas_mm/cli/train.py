"""Trains a model: `python tools/train.py CONFIG [--work-dir DIR] [--amp] [--resume] [--cfg-options KEY=VALUE …]`."""

import argparse
from contextlib import nullcontext

import torch
from mmengine.config import Config

from relnas_mm.checks import check_before_running, check_pretrained
from relnas_mm.cli.parser import runner_parser
from relnas_mm.engine.resume import check_start
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.launch import add_tool_hooks, load_config, run
from relnas_mm.outputs import reserved
from relnas_mm.processes import is_main_process


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = runner_parser(
        "Train a model with MMEngine's Runner.",
        "relnas_mm::ssd/ssd300_relativenas_120e_voc0712.py --cfg-options model.backbone.genotype=genotype.json",
        "my_config.py --resume",
    )
    command.add_argument("--amp", action="store_true", help="automatic mixed precision")
    command.add_argument("--auto-scale-lr", action="store_true", help="scale the learning rate by the total batch size")
    command.add_argument(
        "--resume", nargs="?", const="auto", help="resume from this checkpoint [the latest one in the work_dir]"
    )
    return command


def apply_training_flags(config: Config, args: argparse.Namespace) -> None:
    if args.amp:
        if not torch.cuda.is_available():
            raise UserError("--amp is given, but MMEngine's mixed precision needs a CUDA device, and none is available")
        config.optim_wrapper.type = "AmpOptimWrapper"
        config.optim_wrapper.loss_scale = "dynamic"
    if args.auto_scale_lr:
        if "base_batch_size" not in config.get("auto_scale_lr", {}):
            raise UserError(f"--auto-scale-lr needs auto_scale_lr.base_batch_size, which {args.config!r} lacks")
        config.auto_scale_lr.enable = True
    if args.resume:
        config.resume = True
        config.load_from = None if args.resume == "auto" else args.resume
    if config.get("resume"):
        config.custom_hooks = [*(config.get("custom_hooks") or []), dict(type="CheckpointFitHook")]


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    config = load_config(args)
    apply_training_flags(config, args)
    add_tool_hooks(config)
    check_pretrained(config)
    check_start(config)
    check_before_running(config, ("train_dataloader", "val_dataloader"))
    with reserved(config.work_dir) if is_main_process() else nullcontext():
        run(config, lambda runner: runner.train())
