"""Configs with a cell as the backbone: `relnas-mm transfer GENOTYPE --task TASK | --into CONFIG --out FILE.py`."""

import argparse
import sys
from pathlib import Path

from relnas_mm.cli.channels import add_sizes
from relnas_mm.cli.parser import command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.outputs import output_file
from relnas_mm.transfer.cell import CellChoice, choose_cell
from relnas_mm.transfer.layouts import FORMATS, read_data
from relnas_mm.transfer.layouts.read import check_format
from relnas_mm.transfer.new import new_config
from relnas_mm.transfer.tasks import TASKS

LAYOUTS = """

layouts of --data:
  voc         VOCdevkit/VOC2007/{ImageSets/Main/{train,val,test}.txt, Annotations, JPEGImages}
  coco        annotations/*{train,val,test}*.json and the images in train2017/, train/, images/train/ or images/
  cityscapes  leftImg8bit/SPLIT/**/*_leftImg8bit.png and gtFine/SPLIT/**/*_gtFine_labelTrainIds.png
  folder      images/SPLIT/**/NAME.jpg (or .png …) and labels/SPLIT/**/NAME.png; a pixel is the number of its class in
              --classes, from 0, and 255 is ignored
Without a part 'test', that of 'val' is tested.
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Write an mm config with a searched cell as the backbone: a new one for a task and your data, or one that "
        "inherits from any config of mmdet, mmsegmentation or mmpose.",
        "genotype.json --task ssdlite --data data/VOCdevkit --out my_ssdlite.py",
        "relativenas --task retinanet --data data/fruits --format coco --out fruits.py",
        "relativenas --task deeplabv3plus --data data/streets --format folder --classes road car --out streets.py",
        "genotype.json --into mmdet::yolox/yolox_s_8xb8-300e_coco.py --out my_yolox.py",
        "genotype.json --into my_config.py --init-channels 16 --num-cells 6 --out with_cell.py",
    )
    command.epilog = f"{command.epilog}{LAYOUTS}"
    command.add_argument("genotype", help="published name, or path of a genotype or chain file")
    form = command.add_mutually_exclusive_group(required=True)
    form.add_argument("--task", choices=TASKS, help="write a new config for this kind of model")
    form.add_argument("--into", metavar="CONFIG", help="replace the backbone of this config: a path, or PACKAGE::PATH")
    command.add_argument("--data", metavar="ROOT", help="with --task: folder of the data [the well-known data set]")
    command.add_argument(
        "--format", choices=FORMATS, help="with --task: layout of the data [voc, cityscapes; coco for poses]"
    )
    command.add_argument("--classes", nargs="+", metavar="NAME", help="with --data: classes [those in the annotations]")
    add_sizes(command)
    command.add_argument("--weights", metavar="FILE", help="checkpoint of the backbone")
    command.add_argument(
        "--out", metavar="FILE", help="the config, a .py file; --into without it prints the changes only"
    )
    command.add_argument("--try", dest="trial", action="store_true", help="with --into: train a step on noise")
    return command


def check(args: argparse.Namespace) -> None:
    """Refuses arguments that contradict each other, and an output that cannot be written.

    Args:
        args: The command line.

    Raises:
        UserError: They do.
    """
    if args.into:
        for name in ("data", "format", "classes"):
            if getattr(args, name) is not None:
                raise UserError(f"--{name} is given with --into, which leaves the data of {args.into!r} as they are")
    elif args.trial:
        raise UserError("--try is given without --into")
    elif not args.out:
        raise UserError("--out is missing; name the config that --task writes, such as my_config.py")
    elif args.classes and not args.data:
        raise UserError("--classes is given without --data, whose classes they are")
    if args.out:
        if not args.out.endswith(".py"):
            raise UserError(f"--out is {args.out!r}; it must end with .py")
        if args.into and Path(args.out).resolve() == Path(args.into).resolve():
            raise UserError(
                f"--out {args.out!r} is the config of --into, which the new one inherits from; name another"
            )
        output_file(args.out, "--out")


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    check(args)
    cell = choose_cell(args.genotype, args.init_channels, args.num_cells, args.weights)
    if args.into:
        _patch(args, cell)
        return
    task = TASKS[args.task]
    form = check_format(task.purpose, args.format, args.task)
    data = read_data(task.purpose, form, args.data, args.classes) if args.data else None
    write_atomically(Path(args.out), new_config(args.task, cell, data, form))
    print(f"written: {args.out}; train it by: relnas-mm train {args.out}")


def _patch(args: argparse.Namespace, cell: CellChoice) -> None:
    from relnas_mm.transfer.into import transfer_into
    from relnas_mm.transfer.source import read_source
    from relnas_mm.transfer.trial import trial

    source = read_source(args.into)
    transferred = transfer_into(source, cell)
    print(transferred.diff(), end="")
    if args.trial:
        try:
            trial(transferred.patched.model, source.config.to_dict(), source.scope)
        except Exception as error:  # any part of the model may object
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise UserError(f"the new model of {args.into!r} does not train on noise: {reason}") from None
        print("… a training step and a prediction on noise work", file=sys.stderr)
    if args.out:
        write_atomically(Path(args.out), transferred.text(Path(args.out)))
        print(f"… written to {args.out}", file=sys.stderr)
    else:
        print("… nothing is written; name a file by --out", file=sys.stderr)
