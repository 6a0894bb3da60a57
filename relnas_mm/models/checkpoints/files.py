"""Reads and writes checkpoint files: safetensors, and torch's format without executing pickled code."""

import hashlib
import json
import mmap
import os
import pickle
import re
import stat
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import barrier, is_main_process
from mmengine.fileio import get_local_path
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from relnas_mm.errors import UserError
from relnas_mm.files import replacing
from relnas_mm.models.checkpoints.download import download

SAFETENSORS, PICKLED = ".safetensors", ".pth"
ENDINGS = (PICKLED, SAFETENSORS)
WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
"""Keys under which training scripts store the weights."""
MAX_DEPTH = 8
"""Most wrappers around the weights."""
MAX_EXPANSION = 10
"""Largest ratio of the content of an archive to its file; torch does not compress."""


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint file.

    Args:
        weights: Tensors by the names in the file.
        meta: Metadata: the `meta` entry of mm's files, or the string metadata of safetensors.
    """

    weights: Mapping[str, Tensor]
    meta: Mapping[str, Any] = field(default_factory=dict)


def read_checkpoint(source: str) -> Checkpoint:
    """Reads a checkpoint to the CPU.

    Args:
        source: Path or URL of a `.safetensors` file, or of any other file that torch reads with `weights_only`.

    Raises:
        UserError: The file is missing, damaged, no checkpoint, or contains pickled code.
    """
    content = read_content(source)
    return content if isinstance(content, Checkpoint) else _unwrapped(content, source)


def read_content(source: str) -> Any:
    """Reads all that a file holds to the CPU: a `Checkpoint` from safetensors, else what torch reads.

    Args:
        source: As for `read_checkpoint`.

    Raises:
        UserError: The file is missing, damaged, or contains pickled code.
    """
    with reading(source), _local_file(source) as path:
        check_size(path)
        if source.endswith(SAFETENSORS):
            with safe_open(path, "pt") as file:
                return Checkpoint({name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {})  # noqa: SIM118
        return torch.load(path, map_location="cpu", weights_only=True)


@contextmanager
def reading(source: str) -> Iterator[None]:
    """Context manager that reports errors of reading a checkpoint in one sentence.

    Args:
        source: Path or URL of the checkpoint.

    Raises:
        UserError: The file is missing, damaged, or contains pickled code.
    """
    try:
        with warnings.catch_warnings():
            # A TorchScript archive is refused below, in one sentence.
            warnings.filterwarnings("ignore", "'torch.load' received a zip file", UserWarning)
            yield
    except FileNotFoundError:
        raise UserError(f"the checkpoint {source!r} does not exist") from None
    except Exception as error:  # torch, pickle, zipfile, safetensors and storage backends raise unrelated types
        raise UserError(f"the checkpoint {source!r} cannot be read: {_reason(error)}") from error


def check_size(path: str) -> None:
    """Checks a local file before torch opens it.

    Args:
        path: The file.

    Raises:
        OSError: It is missing, or a pipe or a device.
        ValueError: It is an archive whose content is much larger.
        UnpicklingError: It calls `bytearray`, which torch allows, and which takes as much memory as it is told to.
    """
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise OSError("it is a pipe or a device, not a regular file")
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return
    if not zipfile.is_zipfile(path):
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _refuse_allocation(content)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            expanded = sum(entry.file_size for entry in archive.infolist())
            if expanded > MAX_EXPANSION * status.st_size:
                raise ValueError(f"{status.st_size} bytes that expand to {expanded}")
            for entry in archive.infolist():
                if entry.filename.endswith("data.pkl"):
                    _refuse_allocation(archive.read(entry))
    except zipfile.BadZipFile:
        return  # torch says why


def damage(path: "str | os.PathLike[str]") -> str:
    """What is wrong with a `.pth` file that torch wrote, or ''; no code of the file is run.

    The archive holds a CRC-32 of each part, which torch does not check when it reads.

    Args:
        path: A local file, whatever its suffix.
    """
    try:
        if not Path(path).stat().st_size:
            return "it is empty"
        check_size(str(path))
        with zipfile.ZipFile(path) as archive:
            part = archive.testzip()
        if part:
            return f"its part {part!r} differs from its checksum"
        with suppress(pickle.UnpicklingError):  # whole, but with more than weights
            torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        return ""
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        reason = str(error)[:120] or "it ends early"
        return f"it is cut off, damaged, or no checkpoint of torch ({reason})"
    except OSError as error:
        return error.strerror or str(error)


@contextmanager
def writing_checkpoint(path: Path, checkpoint: Checkpoint) -> Iterator[None]:
    """Context manager that writes a checkpoint to a temporary file, and moves it to `path` if the block succeeds.

    Args:
        path: A `.safetensors` file, in which values of `meta` are strings or JSON, or a `.pth` file.
        checkpoint: The checkpoint, whose `meta` consists of plain types.

    Raises:
        OSError: The file cannot be written; no partial file remains.
    """
    # safetensors supports neither shared memory nor other memory formats.
    weights = {
        name: value.detach().clone(memory_format=torch.contiguous_format) for name, value in checkpoint.weights.items()
    }
    with replacing(path) as scratch:
        if path.suffix == SAFETENSORS:
            save_file(weights, scratch, {"format": "pt", **{k: _text(v) for k, v in checkpoint.meta.items()}})
        else:
            torch.save({"state_dict": weights, "meta": dict(checkpoint.meta)}, scratch)
        yield


@contextmanager
def _local_file(source: str) -> Iterator[str]:
    """Context manager with the local path of a file; HTTP downloads are cached in torch's hub directory."""
    if not source.startswith(("http://", "https://")):
        with get_local_path(source) as path:
            yield str(path)
        return
    # The hash distinguishes files of the same name on different servers.
    name = hashlib.sha256(source.encode()).hexdigest()[:12] + "-" + source.split("?")[0].rsplit("/", 1)[-1]
    path = Path(torch.hub.get_dir(), "checkpoints", name)
    if is_main_process():
        _fetch(source, path)
    barrier()
    _fetch(source, path)  # on other nodes
    yield str(path)


def _fetch(source: str, path: Path) -> None:
    if not path.is_file():
        download(source, path)


def check_stored(weights: Mapping[str, Tensor], source: str) -> None:
    """Checks that the numbers of weights are in their file, before they are copied.

    Args:
        weights: Tensors by name.
        source: The file, for the error message.

    Raises:
        UserError: A weight repeats few numbers, or has none.
    """
    for name, value in weights.items():
        stored = 0 if value.is_meta or value.layout != torch.strided else value.untyped_storage().nbytes()
        if value.numel() * value.element_size() > MAX_EXPANSION * stored:
            raise UserError(
                f"the checkpoint {source!r} holds {name[:80]} of shape {tuple(value.shape)} without its numbers; save "
                "contiguous weights"
            )


def _refuse_allocation(content: bytes | mmap.mmap) -> None:
    for home in (b"builtins", b"__builtin__"):
        if content.find(b"c" + home + b"\nbytearray\n") >= 0:
            raise pickle.UnpicklingError("GLOBAL builtins.bytearray")


def _unwrapped(content: Any, source: str) -> Checkpoint:
    meta = content.get("meta") if isinstance(content, Mapping) else None
    depth = 0
    while isinstance(content, Mapping) and (
        inner := next((content[name] for name in WRAPPERS if isinstance(content.get(name), Mapping)), None)
    ):
        content, depth = inner, depth + 1
        if depth > MAX_DEPTH:
            raise UserError(f"the checkpoint {source!r} holds no weights within {MAX_DEPTH} levels of wrappers")
    if not isinstance(content, Mapping):
        raise UserError(f"the checkpoint {source!r} holds a {type(content).__name__}; it must hold weights by name")
    weights = {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}
    if not weights:
        names = sorted(name[:60] for name in content if isinstance(name, str))
        raise UserError(f"the checkpoint {source!r} holds no weights, but {names[:6]}")
    return Checkpoint(weights, meta if isinstance(meta, Mapping) else {})


def _reason(error: Exception) -> str:
    if code := re.search(r"GLOBAL (\S+)", str(error)):
        return f"it holds pickled code ({code[1]}), which is never run; save the state dict alone"
    detail = str(error).splitlines()[0].rstrip(". ") if str(error) else type(error).__name__
    if isinstance(error, (OSError, ImportError)):  # no access, no network, no client of a storage backend
        return detail
    if isinstance(error, pickle.UnpicklingError) or "weights_only" in detail:  # torch advises to run the code anyway
        detail = "no weights saved by torch"
    return f"it is damaged or no checkpoint ({detail})"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
