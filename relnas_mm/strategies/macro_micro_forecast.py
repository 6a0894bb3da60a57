"""Estimates of the remaining work of a global search, whose stages have no fixed length."""

from relnas_mm.architectures import Chain
from relnas_mm.networks import NetworkShape
from relnas_mm.strategies.macro_micro_stages import Stages, Trial

_SHAPE = NetworkShape()
USUAL = {"depth": 15, "width": 9}
"""Mean number of candidates in these stages of the authors' ten logged searches."""


def work_of(trial: Trial) -> float:
    """Work of a trial in multiply-adds of one image times epochs."""
    return float(_macs(trial.chain) * trial.epochs)


def work_left(stages: Stages, trial: Trial, tried: int) -> tuple[int, float]:
    """Expected number of remaining candidates, and their work.

    Args:
        stages: State of the search.
        trial: The next trial, which is included.
        tried: Number of candidates of its stage so far.
    """
    rules, space = stages.rules, stages.space
    count, work, chain = 1, work_of(trial), trial.chain
    epochs = stages.epochs
    if trial.stage == "depth":
        for _ in range(_more(stages, "depth", tried)):
            if chain.depth == space.depths[1]:
                break
            chain, epochs = space.uniform(chain.depth + 1, chain.width), epochs + 1
            count, work = count + 1, work + _macs(chain) * rules.scaled(epochs)
        tried = 0
    if trial.stage in ("depth", "width"):
        for _ in range(_more(stages, "width", tried)):
            if chain.width - rules.width_step < space.widths[0]:
                break
            chain, epochs = chain.with_width(chain.width - rules.width_step), epochs + rules.width_epochs
            count, work = count + 1, work + _macs(chain) * rules.scaled(epochs)
        left = 1 + chain.depth * len(space.kernels)
    else:
        left = _micro_left(stages, trial, chain, tried) - 1
    return count + left, work + left * _macs(chain) * rules.micro_epochs


def _macs(chain: Chain) -> int:
    return chain.cost(_SHAPE).macs


def _more(stages: Stages, stage: str, tried: int) -> int:
    """Expected number of candidates after the next one, at least as many as the failures that end the stage."""
    return max(USUAL[stage] - tried - 1, stages.rules.patience - stages.failures)


def _micro_left(stages: Stages, trial: Trial, chain: Chain, tried: int) -> int:
    kernels = chain.depth * (len(stages.space.kernels) - 1)
    return max(kernels - tried, 1) if trial.stage == "kernels" else max(1 + chain.depth - tried, 1) + kernels
