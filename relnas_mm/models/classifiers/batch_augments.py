"""Mixing the images of a batch, by torchvision's transforms."""

from collections.abc import Sequence
from typing import Any

from torchvision.transforms import v2

from relnas_mm.errors import UserError

KINDS = {"MixUp": v2.MixUp, "CutMix": v2.CutMix}


def build_batch_augments(configs: Sequence[dict[str, Any]], num_classes: int) -> "v2.Transform | None":
    """One of several mixing transforms, chosen at random for each batch.

    Args:
        configs: Of each, its `type`, 'MixUp' or 'CutMix', its `alpha` (1.0 by default), and `prob`, the probability of
            choosing it (equal shares of 1 by default); what is left of 1 is the probability of mixing nothing.
        num_classes: Number of classes.

    Returns:
        A transform of images and labels into images and soft labels, or `None` if there are none.

    Raises:
        UserError: A type is unknown, or the probabilities are not.
    """
    if not isinstance(configs, (list, tuple)) or not all(isinstance(config, dict) for config in configs):
        raise UserError(f"batch_augments is {configs!r}; it must be a list of mappings, such as dict(type='MixUp')")
    if not configs:
        return None
    transforms: list[Any] = []
    shares: list[float] = []
    for config in configs:
        config = dict(config)
        kind = config.pop("type", None)
        if kind not in KINDS:
            raise UserError(f"batch_augments names the type {kind!r}; allowed are {', '.join(map(repr, KINDS))}")
        shares.append(config.pop("prob", 1 / len(configs)))
        try:
            transforms.append(KINDS[kind](num_classes=num_classes, **config))
        except (TypeError, ValueError) as error:
            raise UserError(f"batch_augments has a bad {kind}: {error}") from None
    nothing = 1 - sum(shares)
    if min(shares) < 0 or nothing < -1e-6:
        raise UserError(f"batch_augments has the probabilities {shares}; they must be at least 0, 1 at most together")
    return v2.RandomChoice([*transforms, v2.Identity()], p=[*shares, max(nothing, 0.0)])
