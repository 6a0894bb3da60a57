"""How candidates of a supernet are scored; the defaults are the procedure of the reference implementation."""

import itertools
from dataclasses import dataclass

from relnas_mm.errors import UserError


@dataclass(frozen=True)
class ScoringConfig:
    """Options of the scores.  All but `race` and `paired` leave the weights that candidates write back as they are.

    Args:
        recalibration_batches: Training batches from which the statistics of normalizations are computed anew before a
            candidate is scored; 0 scores it with the statistics of its training steps and of those who shared them.
        ema_decay: Score the exponential moving average of the weights over the training steps, with this decay;
            `None` scores the last weights.
        paired: Train and validate all candidates of a group on the same batches with the same augmentation, so that
            chance affects them alike; otherwise each has its own.
        race: Epochs of training after which the candidates of a group are compared, ascending, such as (0.5, 1, 2).
            They train on until the difference of their losses is significant, or to the last comparison; what they
            write back has then been trained for as long.  Empty for one epoch.
        level: Significance level of a race: paired z-tests on the losses of the validation images.

    Raises:
        UserError: A value is out of range.
    """

    recalibration_batches: int = 0
    ema_decay: float | None = None
    paired: bool = False
    race: tuple[float, ...] = ()
    level: float = 0.05

    def __post_init__(self) -> None:
        if type(self.recalibration_batches) is not int or self.recalibration_batches < 0:
            raise UserError(f"recalibration_batches is {self.recalibration_batches!r}; it must be a number from 0 on")
        if self.ema_decay is not None and not 0 < self.ema_decay < 1:
            raise UserError(f"ema_decay is {self.ema_decay!r}; it must be between 0 and 1, or None")
        object.__setattr__(self, "race", tuple(self.race))
        if any(first >= second for first, second in itertools.pairwise((0, *self.race))):
            raise UserError(f"race is {self.race!r}; it must be numbers of epochs above 0, ascending")
        if not 0 < self.level < 1:
            raise UserError(f"level is {self.level!r}; it must be between 0 and 1")

    @property
    def replaces_weights(self) -> bool:
        """Whether candidates are scored with other weights or statistics than those they write back."""
        return bool(self.recalibration_batches) or self.ema_decay is not None
