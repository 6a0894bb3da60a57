"""MixUp and CutMix by torchvision's transforms."""

from collections.abc import Sequence
from typing import Any

from torchvision.transforms import v2

from relnas_mm.errors import UserError

KINDS = {"MixUp": v2.MixUp, "CutMix": v2.CutMix}


def build_batch_augments(configs: Sequence[dict[str, Any]], num_classes: int) -> "v2.Transform | None":
    """Builds a random choice of mixing transforms per batch.

    Args:
        configs: Configs with `type`, 'MixUp' or 'CutMix', `alpha` (1.0 by default), and `prob`, the probability of this
            transform (uniform by default).  With the remaining probability nothing is mixed.
        num_classes: Number of classes.

    Returns:
        A transform of images and labels to images and soft labels, or `None` without configs.

    Raises:
        UserError: A type is unknown, an argument is invalid, or the probabilities are.
    """
    if not isinstance(configs, (list, tuple)) or not all(isinstance(config, dict) for config in configs):
        raise UserError(f"batch_augments is {configs!r}; it must be a list of mappings, such as dict(type='MixUp')")
    if not configs:
        return None
    transforms: list[Any] = []
    probabilities: list[float] = []
    for config in configs:
        config = dict(config)
        kind = config.pop("type", None)
        if kind not in KINDS:
            raise UserError(f"batch_augments names the type {kind!r}; allowed are {', '.join(map(repr, KINDS))}")
        probabilities.append(config.pop("prob", 1 / len(configs)))
        try:
            transforms.append(KINDS[kind](num_classes=num_classes, **config))
        except (TypeError, ValueError) as error:
            raise UserError(f"batch_augments has a bad {kind}: {error}") from None
    rest = 1 - sum(probabilities)
    if min(probabilities) < 0 or rest < -1e-6:
        raise UserError(
            f"batch_augments has the probabilities {probabilities}; they must be at least 0, 1 at most together"
        )
    return v2.RandomChoice([*transforms, v2.Identity()], p=[*probabilities, max(rest, 0.0)])
