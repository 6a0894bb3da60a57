"""Names of earlier releases in configs: each is refused with one sentence that says today's name."""

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
    "training.keep_memory": "nothing: memory is not kept any more",
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
"""Arguments by the type that takes them; a dot leads into a nested mapping."""


def check_renamed(node: Any, source: str, path: str = "") -> None:
    """Walks a config.

    Args:
        node: A config, or a part of one.
        source: Where it comes from, for the error message.
        path: Dotted key of the part.

    Raises:
        UserError: It uses a name of an earlier release.
    """
    if isinstance(node, Mapping):
        _check_mapping(node, source, path)
        for key, value in node.items():
            check_renamed(value, source, f"{path}.{key}" if path else str(key))
    elif isinstance(node, (list, tuple)):
        for place, value in enumerate(node):
            check_renamed(value, source, f"{path}.{place}")


def _check_mapping(node: Mapping[str, Any], source: str, path: str) -> None:
    kind = node.get("type")
    if not isinstance(kind, str):
        return
    where = f"{path} of {source}" if path else source
    if kind in TYPES:
        raise UserError(f"{where} has type {kind!r}, which is called {TYPES[kind]!r} now")
    for old, new in KEYS.get(kind, {}).items():
        head, _, tail = old.partition(".")
        inner = node.get(head)
        if head in node and (not tail or (isinstance(inner, Mapping) and tail in inner)):
            raise UserError(f"{old!r} of {kind} ({where}) has another name now: {new}")
