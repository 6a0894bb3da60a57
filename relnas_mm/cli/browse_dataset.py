"""Draws training samples: `python tools/browse_dataset.py CONFIG [--split train|val|test] [--out DIR]`."""

import argparse
from pathlib import Path

from relnas_mm.browse import PictureFolder, drawn_samples
from relnas_mm.checks import check_before_running
from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.launch import config_with_options
from relnas_mm.packaged import config_name
from relnas_mm.seeding import check_seed


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Draw samples after the data pipeline, with boxes, masks, keypoints or class labels, and a contact sheet.",
        "configs/ssd/ssd300_relativenas_120e_voc0712.py --split val --number 64",
    )
    add_config(command, "detection, segmentation, pose or classification config file")
    command.add_argument(
        "--split", "--phase", choices=("train", "val", "test"), default="train", help="which data to draw [train]"
    )
    command.add_argument(
        "--out", "--output-dir", metavar="DIR", help="output folder [work_dirs/CONFIG_NAME/browse_SPLIT]"
    )
    command.add_argument("--number", type=int, default=16, metavar="N", help="number of samples [16]")
    command.add_argument("--seed", type=int, default=0, help="seed of the augmentation [0]")
    command.add_argument(
        "--not-show", action="store_true", help="accepted for compatibility with mm's tools; no window is opened"
    )
    add_cfg_options(command, "train_dataloader.dataset.data_root=data/VOCdevkit/")
    return command


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    if args.number < 1:
        raise UserError(f"--number is {args.number}; it must be positive")
    check_seed(args.seed, "--seed")
    config = config_with_options(args.config, args.cfg_options)
    folder = PictureFolder(Path(args.out or Path("work_dirs", config_name(args.config), f"browse_{args.split}")))
    config.work_dir = str(folder.path.parent)
    check_before_running(config, (f"{args.split}_dataloader",))
    pictures = drawn_samples(config, args.split, args.number, args.seed)
    written = folder.write(pictures, {"config": args.config, "split": args.split, "seed": args.seed})
    print(f"{len(written) - 1} pictures in {folder.path}, contact sheet {written[-1]}")
