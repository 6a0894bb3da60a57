"""Predictors on disk: weights as safetensors, settings as JSON."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from relnas_mm.errors import UserError
from relnas_mm.files import LARGE, read_bytes, read_json, write_atomically
from relnas_mm.predictors.config import PredictorConfig
from relnas_mm.predictors.encodings import ENCODINGS, Encoding
from relnas_mm.predictors.predictor import Predictor

SCHEMA_VERSION = 1


def save_predictor(predictor: Predictor, path: "str | os.PathLike[str]") -> Path:
    """Writes `PATH.safetensors`, then `PATH.json` with its checksum.

    Args:
        predictor: The predictor.
        path: Path without a suffix; its folder is created if missing.

    Returns:
        The path of the JSON file.

    Raises:
        UserError: A file cannot be written.
    """
    path = Path(path)
    state = {f"network.{name}": value.contiguous() for name, value in predictor.network.state_dict().items()}
    content = save({**state, "mean": predictor.mean, "scale": predictor.scale})
    document = {
        "schema_version": SCHEMA_VERSION,
        "encoding": predictor.encoding.name,
        "shape": list(predictor.encoding.shape),
        "config": asdict(predictor.config),
        "seed": predictor.seed,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    weights, described = _files(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = weights.with_name(f".{weights.name}")
        scratch.write_bytes(content)
        scratch.replace(weights)
        write_atomically(described, json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise UserError(f"the predictor {str(path)!r} cannot be written: {error.strerror or error}") from None
    return described


def load_predictor(path: "str | os.PathLike[str]", encoding: Encoding | None = None) -> Predictor:
    """Loads a predictor that `save_predictor` wrote.

    Args:
        path: Path without a suffix.
        encoding: Encoding to use it with; `None` takes that of the file.

    Raises:
        UserError: A file is missing or damaged, or the predictor was trained with another encoding.
    """
    weights, described = _files(Path(path))
    document: Any = read_json(described, f"the predictor {str(path)!r}")
    content = read_bytes(weights, f"the predictor {str(path)!r}", LARGE)
    try:
        version, saved, shape = document["schema_version"], document["encoding"], tuple(document["shape"])
        digest, config, seed = document["sha256"], PredictorConfig(**document["config"]), int(document["seed"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"the predictor {str(path)!r} cannot be read: {error}") from None
    if version != SCHEMA_VERSION:
        raise UserError(f"the predictor {str(path)!r} has schema version {version}; known is {SCHEMA_VERSION}")
    if hashlib.sha256(content).hexdigest() != digest:
        raise UserError(f"{str(weights)!r} is not what {str(described)!r} describes: their checksums differ")
    if not isinstance(saved, str):
        raise UserError(f"the predictor {str(path)!r} has the encoding {saved!r}; it must be a name")
    used = encoding or ENCODINGS.get(saved)
    if used is None or (used.name, used.shape) != (saved, shape):
        wanted = f"{used.name!r} of shape {used.shape}" if used else "none of that name"
        raise UserError(
            f"the predictor {str(path)!r} was trained with the encoding {saved!r} of shape {shape}, but is used with "
            f"{wanted}; they must be the same"
        )
    predictor = Predictor(used, config, seed)
    try:
        tensors = load(content)
        predictor.mean, predictor.scale = tensors.pop("mean"), tensors.pop("scale")
        predictor.network.load_state_dict({name.removeprefix("network."): value for name, value in tensors.items()})
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise UserError(f"the predictor {str(path)!r} cannot be read: {error}") from None
    return predictor


def _files(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}.safetensors"), path.with_name(f"{path.name}.json")
