"""Draws training samples: `python tools/browse_dataset.py CONFIG [--split train|val|test] [--out DIR]`."""

import argparse
from pathlib import Path

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.browse import PictureFolder, drawn_samples
from relnas_mm.checks import check_before_running
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.launch import add_cfg_options, merge_options, read_config
from relnas_mm.seeding import check_seed


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Draw samples after the data pipeline, with boxes, masks, keypoints or class labels, and a contact "
        "sheet."
    )
    parser.add_argument("config", help="detection, segmentation, pose or classification config file")
    parser.add_argument(
        "--split", "--phase", choices=("train", "val", "test"), default="train", help="which data to draw [train]"
    )
    parser.add_argument(
        "--out", "--output-dir", metavar="DIR", help="output folder [work_dirs/CONFIG_NAME/browse_SPLIT]"
    )
    parser.add_argument("--number", type=int, default=16, metavar="N", help="number of samples [16]")
    parser.add_argument("--seed", type=int, default=0, help="seed of the augmentation [0]")
    parser.add_argument(
        "--not-show", action="store_true", help="accepted for compatibility with mm's tools; no window is opened"
    )
    add_cfg_options(parser, "train_dataloader.dataset.data_root=data/VOCdevkit/")
    return parser.parse_args()


@reports_user_errors
def main() -> None:
    args = parse_args()
    if args.number < 1:
        raise UserError(f"--number is {args.number}; it must be positive")
    check_seed(args.seed, "--seed")
    config = read_config(args.config)
    merge_options(config, args.cfg_options, args.config)
    folder = PictureFolder(Path(args.out or Path("work_dirs", Path(args.config).stem, f"browse_{args.split}")))
    config.work_dir = str(folder.path.parent)
    check_before_running(config, (f"{args.split}_dataloader",))
    pictures = drawn_samples(config, args.split, args.number, args.seed)
    written = folder.write(pictures, {"config": args.config, "split": args.split, "seed": args.seed})
    print(f"{len(written) - 1} pictures in {folder.path}, contact sheet {written[-1]}")


if __name__ == "__main__":
    main()
