"""Tables of measured latencies of blocks, as files and as predictors."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError, shown
from relnas_mm.files import read_json, write_json
from relnas_mm.networks.blocks import Block
from relnas_mm.networks.sampling import Sampling
from relnas_mm.networks.shape import NetworkShape

SCHEMA_VERSION = 1
RUNTIMES = ("torch", "onnxruntime", "openvino")
"""What computes the networks: PyTorch (eager), or the exported graph in another runtime."""
KEYS = {"schema_version", "runtime", "device", "threads", "overhead", "scale", "blocks", "check", "provenance"}
BLOCK_KEYS = {
    *("block", "in_channels", "out_channels", "size", "inputs"),
    *("stride", "dilation", "replace_stride_with_dilation", "ms"),
}


@dataclass(frozen=True)
class LatencyTable:
    """Latencies of blocks on one device in one runtime, batch size 1.

    The predicted latency of a network is `overhead + scale * sum of its blocks`.

    Args:
        runtime: One of `RUNTIMES`.
        device: The device in words.
        threads: Number of threads.
        blocks: Milliseconds of each block.
        overhead: Milliseconds of a call that computes nothing.
        scale: Ratio of measured networks to the sum of their blocks, which leaves out what happens between them.
        check: Measured beside predicted latency of random networks.
        provenance: Command, commit, versions and date.
    """

    runtime: str
    device: str
    threads: int
    blocks: Mapping[Block, float]
    overhead: float = 0.0
    scale: float = 1.0
    check: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, architecture: Architecture, shape: NetworkShape) -> float:
        """Latency of the network that `architecture.build(shape)` returns, in milliseconds, for one image.

        Args:
            architecture: An architecture whose network consists of blocks, such as a genotype.
            shape: Size of the network.

        Raises:
            UserError: The table lacks a block of the network, or the architecture's family has no blocks.
        """
        blocks = architecture.blocks(shape, unused=self.runtime == "torch")
        try:
            # `math.fsum` does not depend on the order, in which an equal network may list its blocks differently.
            return self.overhead + self.scale * math.fsum(number * self.blocks[one] for one, number in blocks.items())
        except KeyError as error:
            raise UserError(f"{self._lacks(error.args[0], blocks)}") from None

    @property
    def words(self) -> str:
        """Runtime, device and threads in words."""
        return f"{self.runtime} on {self.device}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON-serializable data; `from_dict` is the inverse."""
        return {
            "schema_version": SCHEMA_VERSION,
            "runtime": self.runtime,
            "device": self.device,
            "threads": self.threads,
            "overhead": self.overhead,
            "scale": self.scale,
            "check": dict(self.check),
            "provenance": dict(self.provenance),
            "blocks": [{**block_to_dict(block), "ms": ms} for block, ms in self.blocks.items()],
        }

    @classmethod
    def from_dict(cls, data: Any, source: str = "the latency table") -> "LatencyTable":
        """Builds a table from the result of `to_dict`.

        Args:
            data: The mapping.
            source: Origin of the data, for error messages.

        Raises:
            UserError: A key is missing or unknown, or a value is invalid.
        """
        if not isinstance(data, dict) or set(data) != KEYS:
            raise UserError(f"{source} is no latency table: it must be a mapping with the keys {sorted(KEYS)}")
        if data["schema_version"] != SCHEMA_VERSION:
            raise UserError(f"{source} has schema_version {shown(data['schema_version'])}; known is {SCHEMA_VERSION}")
        if data["runtime"] not in RUNTIMES:
            raise UserError(f"{source} has runtime {shown(data['runtime'])}; known are {', '.join(RUNTIMES)}")
        for key, kind in (("device", str), ("threads", int), ("blocks", list), ("check", dict), ("provenance", dict)):
            if type(data[key]) is not kind:
                raise UserError(f"{source} has {key} {shown(data[key])}; it must be of type {kind.__name__}")
        if data["threads"] < 1:
            raise UserError(f"{source} has threads {data['threads']}; it must be at least 1")
        blocks: dict[Block, float] = {}
        for number, entry in enumerate(data["blocks"]):
            where = f"{source}: blocks[{number}]"
            if not isinstance(entry, dict) or set(entry) != BLOCK_KEYS:
                raise UserError(f"{where} is {shown(entry)}; it must be a mapping with the keys {sorted(BLOCK_KEYS)}")
            block = block_from_dict(entry, where)
            if block in blocks:
                raise UserError(f"{where} is {block}, which an earlier one is, too")
            blocks[block] = _milliseconds(entry["ms"], f"{where}: ms")
        overhead, scale = (_milliseconds(data[key], f"{source}: {key}") for key in ("overhead", "scale"))
        return cls(
            *(data["runtime"], data["device"], data["threads"], blocks, overhead, scale),
            check=data["check"],
            provenance=data["provenance"],
        )

    def save(self, path: Path) -> None:
        """Writes the table as JSON, atomically.

        Raises:
            UserError: The file cannot be written.
        """
        write_json(path, self.to_dict(), f"the latency table {str(path)!r}")

    def _lacks(self, block: Block, needed: Mapping[Block, int]) -> str:
        missing = sum(one not in self.blocks for one in needed)
        return (
            f"the latency table ({self.words}) lacks {missing} of the {len(needed)} kinds of blocks of this network, "
            f"such as {block}; measure a table for its size by `relnas-mm latency` with the same config"
        )


def load_latency_table(path: "str | os.PathLike[str]") -> LatencyTable:
    """Reads a latency table.

    Args:
        path: The JSON file.

    Raises:
        UserError: The file cannot be read, or is no valid table.
    """
    what = f"the latency table {os.fspath(path)!r}"
    return LatencyTable.from_dict(read_json(path, what), what)


def block_to_dict(block: Block) -> dict[str, Any]:
    """A block as JSON-serializable data; `block_from_dict` is the inverse."""
    return {
        "block": block.name,
        "in_channels": block.in_channels,
        "out_channels": block.out_channels,
        "size": list(block.size),
        "inputs": block.inputs,
        "stride": block.sampling.stride,
        "dilation": block.sampling.dilation,
        "replace_stride_with_dilation": block.sampling.replace_stride_with_dilation,
    }


def block_from_dict(data: Mapping[str, Any], where: str) -> Block:
    """Builds a block from the result of `block_to_dict`.

    Args:
        data: The mapping, with all keys.
        where: Its origin, for error messages.

    Raises:
        UserError: A value is invalid.
    """
    size, dilated = data["size"], data["replace_stride_with_dilation"]
    numbers = {key: data[key] for key in ("in_channels", "out_channels", "inputs", "stride", "dilation")}
    if not isinstance(size, list) or len(size) != 2:
        raise UserError(f"{where}: size is {shown(size)}; it must be height and width")
    for key, value in (*numbers.items(), ("height", size[0]), ("width", size[1])):
        if type(value) is not int or value < (0 if key == "out_channels" else 1):  # a classifier may have no classes
            raise UserError(f"{where}: {key} is {shown(value)}; it must be a positive integer")
    if not isinstance(data["block"], str) or type(dilated) is not bool:
        raise UserError(f"{where}: block and replace_stride_with_dilation must be a name and true or false")
    sampling = Sampling(numbers["stride"], numbers["dilation"], dilated)
    return Block(
        *(data["block"], numbers["in_channels"], numbers["out_channels"], (size[0], size[1])),
        sampling=sampling,
        inputs=numbers["inputs"],
    )


def _milliseconds(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not 0 <= value < float("inf"):
        raise UserError(f"{where} is {shown(value)}; it must be a number from 0 on")
    return float(value)
