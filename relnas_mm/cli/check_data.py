"""Checks the data of a config: `python tools/check_data.py CONFIG [--checkpoint FILE] [--out DIR]`."""

import argparse
from pathlib import Path

from relnas_mm.browse import PictureFolder
from relnas_mm.browse.survey_report import odd_pictures, print_survey, summary
from relnas_mm.checks import check_before_running
from relnas_mm.checks.survey import LOADERS, survey
from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_json
from relnas_mm.launch import config_with_options
from relnas_mm.models.checkpoints.files import read_checkpoint
from relnas_mm.packaged import config_name


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Compare training, validation and test data of a config with each other, with its model and with a "
        "checkpoint; count classes, sizes and what is left out, and draw odd images. Exit code 2 if something "
        "contradicts.",
        "my_config.py",
        "my_config.py --checkpoint work_dirs/my_config/epoch_12.pth --out report",
    )
    add_config(command, "detection, segmentation, pose or classification config file")
    command.add_argument("--checkpoint", help="compare the classes that this checkpoint was trained on")
    command.add_argument("--out", metavar="DIR", help="output folder [work_dirs/CONFIG_NAME/check_data]")
    add_cfg_options(command, "train_dataloader.dataset.data_root=data/VOCdevkit/")
    return command


@reports_user_errors
def main() -> int:
    args = parser().parse_args()
    config = config_with_options(args.config, args.cfg_options)
    folder = PictureFolder(Path(args.out or Path("work_dirs", config_name(args.config), "check_data")))
    config.work_dir = str(folder.path.parent)
    check_before_running(config, LOADERS)
    meta = read_checkpoint(args.checkpoint).meta.get("dataset_meta") if args.checkpoint else None
    surveys = survey(config, meta)
    print_survey(surveys)
    pictures = odd_pictures(surveys)
    folder.write(pictures, {"config": args.config}, may_be_empty=True)
    report = folder.path / "check_data.json"
    write_json(report, summary(surveys), f"the report {str(report)!r}")
    problems = [sentence for part in surveys for sentence in part.contradictions]
    print(f"written to {folder.path}" + (f", {len(pictures)} odd images" if pictures else ""))
    if problems:
        raise UserError("\n".join(problems))
    print("nothing contradicts")
    return 0
