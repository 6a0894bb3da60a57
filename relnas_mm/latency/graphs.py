"""Blocks and networks as ONNX graphs in a folder, timed here or on another device.

In a network, runtimes keep feature maps in a layout of their own between convolutions.  A block alone would pay for the
conversion to and from it, so each block stands between convolutions: two that are summed, as a node of a cell is, give
its input, and a pooling reads its output.  What these take without the block is subtracted.
"""

import functools
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.errors import UserError, shown
from relnas_mm.files import read_json, write_json
from relnas_mm.latency import time_graphs
from relnas_mm.latency.plan import Measurement, MeasurementPlan
from relnas_mm.latency.table import block_to_dict
from relnas_mm.networks.blocks import STEM_BLOCKS, Block
from relnas_mm.onnx_export import write_graph
from relnas_mm.seeding import seeded, stream_seed

SCRIPT, PLAN = "time_graphs.py", "plan.json"
EMPTY = "empty.onnx"
TIMING_KEYS = {"runtime", "version", "threads", "device", "ms", "plan"}
READ_IMAGES = tuple(names[0] for names in STEM_BLOCKS.values())
"""Blocks that no convolution precedes."""
_HOST_CHANNELS = 4


def write_graphs(plan: MeasurementPlan, folder: Path, advance: Callable[[float], Any] = lambda amount: None) -> None:
    """Writes the graphs of a plan, and the script that times them, into a folder.

    Args:
        plan: What is to be measured.
        folder: An empty folder.
        advance: Called after each graph.

    Raises:
        UserError: A network cannot be exported, or a file cannot be written.
    """
    graphs = folder / time_graphs.GRAPHS
    try:
        graphs.mkdir(parents=True)
        shutil.copy(time_graphs.__file__, folder / SCRIPT)
    except OSError as error:
        raise UserError(f"the folder {str(folder)!r} cannot be written: {error.strerror or error}") from None
    with seeded(stream_seed(0, "graphs of a latency table")):
        _write(nn.Identity(), [(1, _HOST_CHANNELS, 4, 4)], graphs / EMPTY)
        for number, block in enumerate(plan.blocks):
            for name, module, shapes in _with_host(number, block):
                _write(module, shapes, graphs / name)
            advance(1)
        for number, architecture in enumerate(plan.networks):
            shape = (1, plan.shape.in_channels, *plan.shape.image_hw)
            _write(architecture.build(plan.shape), [shape], graphs / _network_name(number))
            advance(1)
    document = _document(plan)
    write_json(folder / PLAN, {"hash": _hash(document), **document}, f"the plan in {str(folder)!r}")


def read_timings(plan: MeasurementPlan, path: Path) -> dict[str, Any]:
    """Reads what the script has measured, perhaps on another device.

    Args:
        plan: The plan whose graphs were timed.
        path: The file `timings.json`.

    Raises:
        UserError: The file cannot be read or is no such file, or it belongs to another plan.
    """
    what = f"the timings {str(path)!r}"
    found = read_json(path, what)
    if not isinstance(found, dict) or set(found) != TIMING_KEYS or not isinstance(found["ms"], dict):
        raise UserError(f"{what} must be a mapping with the keys {sorted(TIMING_KEYS)}, as {SCRIPT} writes it")
    if found["runtime"] not in time_graphs.RUNTIMES or type(found["threads"]) is not int or found["threads"] < 1:
        raise UserError(
            f"{what} name runtime {shown(found['runtime'])} with {shown(found['threads'])} threads; known are "
            f"{', '.join(time_graphs.RUNTIMES)} with 1 or more"
        )
    if found["plan"] != _hash(_document(plan)):
        raise UserError(
            f"{what} belong to the graphs of another config, seed or version: measure those that `--export` writes "
            "for this one"
        )
    for name, ms in found["ms"].items():
        if type(ms) not in (int, float) or not 0 <= ms < float("inf"):
            raise UserError(f"{what}: {name} took {shown(ms)} ms; it must be a number from 0 on")
    if missing := sorted(_names(plan) - set(found["ms"])):
        raise UserError(f"{what} lack {len(missing)} graphs, such as {missing[0]}; time the whole folder again")
    return found


def measurement_of(plan: MeasurementPlan, ms: Mapping[str, float]) -> Measurement:
    """Latencies of blocks and networks from those of their graphs.

    Args:
        plan: What was measured.
        ms: Milliseconds of each graph.
    """
    blocks = []
    for number, block in enumerate(plan.blocks):
        name, host = _graph_names(number, block)
        blocks.append(ms[name] - ms[host])
    networks = [ms[_network_name(number)] for number in range(len(plan.networks))]
    return Measurement(blocks, networks, ms[EMPTY])


def _names(plan: MeasurementPlan) -> set[str]:
    blocks = {name for number, block in enumerate(plan.blocks) for name in _graph_names(number, block)}
    return blocks | {_network_name(number) for number in range(len(plan.networks))} | {EMPTY}


def _network_name(number: int) -> str:
    return f"network{number:03d}.onnx"


def _graph_names(number: int, block: Block) -> tuple[str, str]:
    """Names of the graphs of a block and of its host alone, which is nothing for stems: they read images."""
    return f"block{number:04d}.onnx", EMPTY if block.name in READ_IMAGES else f"host{number:04d}.onnx"


def _with_host(number: int, block: Block) -> list[tuple[str, nn.Module, list[tuple[int, ...]]]]:
    name, host = _graph_names(number, block)
    module = block.build().eval()
    if host == EMPTY:
        return [(name, module, [(1, block.in_channels, *block.size)])]
    shapes: list[tuple[int, ...]] = [(1, _HOST_CHANNELS, *block.size)] * block.inputs
    return [
        (name, _Hosted(block, module).eval(), shapes),
        (host, _Hosted(block, None).eval(), shapes),
    ]


class _Hosted(nn.Module):
    """A block, or nothing, between the convolutions of its host."""

    def __init__(self, block: Block, module: nn.Module | None):
        super().__init__()
        pairs = [[nn.Conv2d(_HOST_CHANNELS, block.in_channels, 1) for _ in range(2)] for _ in range(block.inputs)]
        self.inputs = nn.ModuleList(map(nn.ModuleList, pairs))
        self.module = module

    def forward(self, *images: Tensor) -> Tensor:
        maps = [pair[0](image) + pair[1](image) for pair, image in zip(self.inputs, images)]  # type: ignore[index]
        outputs = maps if self.module is None else [self.module(*maps)]
        if outputs[0].ndim != 4:
            return outputs[0]
        pooled = [F.adaptive_avg_pool2d(each, 1) for each in outputs]
        return pooled[0] if len(pooled) == 1 else functools.reduce(torch.add, pooled)


def _write(module: nn.Module, shapes: list[tuple[int, ...]], path: Path) -> None:
    inputs = [torch.zeros(shape) for shape in shapes]
    write_graph(module.eval(), inputs, path, [f"input{index}" for index in range(len(inputs))], ["output"])


def _document(plan: MeasurementPlan) -> dict[str, Any]:
    return {
        "shape": asdict(plan.shape),
        "blocks": list(map(block_to_dict, plan.blocks)),
        "networks": [architecture.to_dict() for architecture in plan.networks],
    }


def _hash(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, separators=(",", ":")).encode()).hexdigest()
