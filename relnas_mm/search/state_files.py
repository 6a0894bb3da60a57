"""Serializes the state of a run: tensors as safetensors, arrays as NPZ, the rest as JSON."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from relnas_mm.files import decode, parse_json

TENSORS, ARRAYS, VALUES = "tensors.safetensors", "arrays.npz", "values.json"


@dataclass(frozen=True)
class State:
    """The state of a run at one step.

    Args:
        tensors: Tensors of the evaluator.
        arrays: Arrays of the strategy.
        values: JSON-serializable values.
    """

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


def state_files(state: State) -> dict[str, bytes]:
    """Serializes a state to files, by name."""
    buffer = io.BytesIO()
    np.savez(buffer, **dict(state.arrays))  # type: ignore[arg-type]
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.tensors.items()}
    return {
        TENSORS: save_tensors(tensors),
        ARRAYS: buffer.getvalue(),
        VALUES: json.dumps(dict(state.values), sort_keys=True).encode(),
    }


def read_state(files: Mapping[str, bytes]) -> State:
    """Inverse of `state_files`.

    Raises:
        ValueError: A file is malformed.
    """
    try:
        tensors = load_tensors(files[TENSORS])
    except SafetensorError as error:
        raise ValueError(f"{TENSORS}: {error}") from None
    values = parse_json(decode(files[VALUES], VALUES), VALUES, nan=True)
    if not isinstance(values, dict):
        raise ValueError(f"{VALUES} is no object")
    return State(tensors, _read_arrays(files[ARRAYS]), values)


def _read_arrays(content: bytes) -> dict[str, np.ndarray]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > len(content):  # `np.savez` does not compress
                raise ValueError("it expands")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # zipfile, zlib and NumPy raise unrelated types
        raise ValueError(f"{ARRAYS}: {error}") from None
