"""Exports a network to ONNX: `python tools/export_onnx.py CONFIG CHECKPOINT OUT.onnx [--backbone-only] …`."""

import argparse
from pathlib import Path

import torch
from mmengine.config import Config

from relnas_mm.analysis import export
from relnas_mm.analysis.input_shape import InputShape, config_shape, given_shape
from relnas_mm.analysis.network import Network, Reach, build_model, kind_of
from relnas_mm.analysis.parity import compare, random_batches, real_batch, require_parity
from relnas_mm.cli.parser import add_cfg_options, add_config, command_parser
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import replacing
from relnas_mm.launch import config_with_options
from relnas_mm.onnx_export import OPSET, require_packages
from relnas_mm.outputs import output_file


def parser() -> argparse.ArgumentParser:
    """The parser of the command."""
    command = command_parser(
        "Export a network to ONNX and compare it with onnxruntime. Outputs are the logits of a classifier "
        "or segmentor (the latter at the resolution of its head), the heatmaps of a pose estimator, or the feature "
        "maps of a detector's backbone and neck (its head, with anchors and NMS, is not exported). "
        "The input are normalized images, float32 (n, 3, h, w).",
        "my_config.py epoch_12.pth model.onnx",
        "my_config.py epoch_12.pth backbone.onnx --backbone-only",
    )
    add_config(command)
    command.add_argument("checkpoint", help="checkpoint file, with all weights of the exported network")
    command.add_argument(
        "out", metavar="OUT.onnx", help="output file, written only if the outputs of graph and network agree"
    )
    command.add_argument("--backbone-only", action="store_true", help="export the feature maps of the backbone only")
    command.add_argument(
        "--shape", type=int, nargs=2, metavar=("H", "W"), help="image size [what the config's test pipeline gives]"
    )
    command.add_argument("--batch-dynamic", action="store_true", help="dynamic batch size [1 image]")
    command.add_argument("--size-dynamic", action="store_true", help="dynamic image size [that of --shape]")
    command.add_argument("--opset", type=int, default=OPSET, help=f"ONNX opset version [{OPSET}]")
    command.add_argument("--verify", action="store_true", help="compare on test images as well as on random inputs")
    command.add_argument(
        "--tolerance", type=float, default=1e-4, help="maximum difference, relative to the largest output [1e-4]"
    )
    add_cfg_options(command, "model.backbone.genotype=genotype.json")
    return command


def check(args: argparse.Namespace) -> None:
    """Validates the arguments before any expensive work."""
    require_packages()
    if not Path(args.checkpoint).is_file() and "://" not in args.checkpoint:
        raise UserError(f"the checkpoint {args.checkpoint!r} does not exist")
    out = Path(args.out)
    if out.suffix != ".onnx":
        raise UserError(f"the output is {args.out!r}; it must be a file that ends with .onnx")
    if not args.tolerance > 0:
        raise UserError(f"--tolerance is {args.tolerance}; it must be positive")
    output_file(args.out, "the output")


def load(config: Config, args: argparse.Namespace) -> Network:
    """Builds the exported network and loads its weights."""
    model = build_model(config, args.config, args.checkpoint, args.backbone_only)
    reach: Reach = "features" if kind_of(model) == "detector" else "head"
    return Network(model, "backbone" if args.backbone_only else reach).eval()


def summary(network: Network, names: list[str], shape: InputShape, args: argparse.Namespace) -> str:
    batch = "any number of images" if args.batch_dynamic else "1 image"
    size = f"any size (traced at {shape})" if args.size_dynamic else f"{shape}, fixed (from {shape.source})"
    name = type(network.model).__name__
    return f"{name}, {network.reach}: {batch} of {size} -> {', '.join(names)}; opset {args.opset}"


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    check(args)
    config = config_with_options(args.config, args.cfg_options)
    shape = given_shape(*args.shape) if args.shape else config_shape(config, args.config)
    size = (shape.height, shape.width)
    network = load(config, args)
    batches = random_batches(size, args.batch_dynamic, args.size_dynamic)
    if args.verify:
        fixed = None if args.size_dynamic else size
        batches.append(real_batch(config, network.model, fixed, 2 if args.batch_dynamic else 1))
    metadata = {"config": Path(args.config).name, "torch": torch.__version__, **export.preprocessing(config)}
    with replacing(Path(args.out), ".onnx") as scratch:
        names = export.export(network, scratch, size, args.batch_dynamic, args.size_dynamic, args.opset, metadata)
        print(summary(network, names, shape, args))
        differences = compare(scratch, network, batches)
        print("differences from torch, largest:", *differences, sep="\n  ")
        require_parity(differences, args.tolerance)
    print(f"written to {args.out}")
