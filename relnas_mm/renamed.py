"""Rejects names of earlier releases in configs, with the current name in the message."""

from collections.abc import Mapping
from typing import Any

from relnas_mm.errors import UserError

TYPES = {"WeightSetEvaluator": "SupernetEvaluator", "HardPixelCrossEntropy": "OHEMCrossEntropy"}
"""Registered types."""

_ATTEMPTS = {"tries": "max_attempts"}
_SEQUENTIAL = {**_ATTEMPTS, "generation": "generation_size"}
_TRAINING = {
    "training.clip": "training.grad_clip",
    "training.scoring_batch_size": "training.eval_batch_size",
    "training.bit_exact": "execution.backend ('reference' for True, 'auto' for False)",
    "training.kernels": "execution.backend",
    "training.channels_last": "execution.channels_last",
    "training.autocast": "execution.autocast",
    "training.cuda_graph": "execution.cuda_graphs",
    "training.streams": "execution.parallel_candidates",
    "training.keep_memory": "nothing: memory is always released",
}
KEYS: dict[str, dict[str, str]] = {
    "SlowFastLearning": {**_ATTEMPTS, "population": "population_size"},
    "RefereedLearning": {**_ATTEMPTS, "population": "population_size", "warm_up": "warmup"},
    "RegularizedEvolution": {**_SEQUENTIAL, "population": "population_size", "tournament": "tournament_size"},
    "LocalSearch": _SEQUENTIAL,
    "RandomSearch": _SEQUENTIAL,
    "ReNAS": {**_SEQUENTIAL, "population": "population_size"},
    "SupernetEvaluator": _TRAINING,
    "StandAloneEvaluator": {**_TRAINING, "criterion": "objective"},
    "DartsLoop": {"training.clip": "training.grad_clip", "training.channels_last": "channels_last"},
    "ChainBackbone": {"network": "chain"},
}
"""Renamed arguments by type; dots separate the keys of nested mappings."""


def check_renamed(node: Any, source: str, path: str = "") -> None:
    """Checks a config recursively.

    Args:
        node: A config, or a part of one.
        source: Source of the config, for the error message.
        path: Dotted key of the part.

    Raises:
        UserError: A name of an earlier release is used.
    """
    if isinstance(node, Mapping):
        _check_mapping(node, source, path)
        for key, value in node.items():
            check_renamed(value, source, f"{path}.{key}" if path else str(key))
    elif isinstance(node, (list, tuple)):
        for index, value in enumerate(node):
            check_renamed(value, source, f"{path}.{index}")


def _check_mapping(node: Mapping[str, Any], source: str, path: str) -> None:
    kind = node.get("type")
    if not isinstance(kind, str):
        return
    where = f"{path} of {source}" if path else source
    if kind in TYPES:
        raise UserError(f"{where} has type {kind!r}, which was renamed to {TYPES[kind]!r}")
    for old, new in KEYS.get(kind, {}).items():
        head, _, tail = old.partition(".")
        inner = node.get(head)
        if head in node and (not tail or (isinstance(inner, Mapping) and tail in inner)):
            raise UserError(f"{old!r} of {kind} ({where}) was replaced by {new}")
