"""Races: the candidates of a group train until the difference of their losses is significant."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from relnas_mm.evaluators.base import Evaluation
from relnas_mm.evaluators.supernet.trainer import CandidateTrainer
from relnas_mm.evaluators.training import Batches


def race(
    trainers: Sequence[CandidateTrainer],
    training: Sequence[Iterator[tuple[Tensor, Tensor]]],
    validation: Callable[[], Batches],
    statistics: Callable[[], Batches],
    stops: Sequence[int],
    level: float,
) -> list[Evaluation]:
    """Trains candidates until the best one is significantly better than each other one.

    Args:
        trainers: A trainer for each candidate, with the shared weights loaded.
        training: Training batches of each candidate, as many as the last stop says.
        validation: Gives the validation batches, the same for all.
        statistics: Gives the batches from which statistics are computed anew.
        stops: Numbers of training steps after which the candidates are compared, ascending.
        level: Significance level of the comparisons.

    Returns:
        The scores at the last comparison, with the number of `steps` trained.
    """
    done = 0
    losses: list[Tensor] = []
    corrects: list[Tensor] = []
    for stop in stops:
        for trainer, batches in zip(trainers, training):
            for _ in trainer.train(islice(batches, stop - done)):
                pass
        done = stop
        found = [trainer.losses(validation(), statistics()) for trainer in trainers]
        losses, corrects = [loss for loss, _ in found], [correct for _, correct in found]
        if is_decided(losses, level):
            break
    return [
        trainer.scored(loss.mean().item(), 100.0 * correct.mean().item(), {"steps": done})
        for trainer, loss, correct in zip(trainers, losses, corrects)
    ]


def is_decided(losses: Sequence[Tensor], level: float) -> bool:
    """Whether the lowest mean loss is significantly below each other one: two-sided z-tests of paired differences.

    Candidates with non-finite losses have lost.

    Args:
        losses: Losses of the same images for each candidate, (n,).
        level: Significance level, 0 to 1.
    """
    finite = [each.double() for each in losses if bool(each.isfinite().all())]
    if not finite:
        return True
    best, *others = sorted(finite, key=lambda each: float(each.mean()))
    return all(paired_p(each - best) < level for each in others)


def paired_p(differences: Tensor) -> float:
    """p-value that the mean of paired differences is 0, by the normal approximation.

    Args:
        differences: Shape (n,), n at least 2.
    """
    error = differences.std() / math.sqrt(len(differences))
    if error == 0:
        return 0.0 if differences.mean() != 0 else 1.0
    return torch.special.erfc((differences.mean().abs() / error) / math.sqrt(2)).item()
