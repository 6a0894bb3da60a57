"""Training of a predictor's network."""

import copy
import itertools
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from relnas_mm.predictors.config import PredictorConfig
from relnas_mm.predictors.kendall import kendall_tau
from relnas_mm.predictors.losses import consistency_loss, pairwise_loss, squared_loss
from relnas_mm.predictors.networks import LeNetRanker


def fit_network(
    network: nn.Module, inputs: Tensor, targets: Tensor, config: PredictorConfig, generator: torch.Generator
) -> None:
    """Trains a network in place, and switches it to evaluation mode.

    Args:
        network: Maps inputs, (n, …), to scores, (members, n).
        inputs: Standardized encodings, shape (n, …).
        targets: Scores from 0, the worst, to 1, shape (n,).
        config: Settings.
        generator: Source of the shuffling.
    """
    optimizer = torch.optim.AdamW(network.parameters(), config.lr, weight_decay=config.weight_decay)
    per_epoch = -(-len(targets) // config.batch_size)
    total = config.epochs * per_epoch
    if config.most_steps:
        total = min(total, config.most_steps)
    schedule = None
    if config.schedule == "cosine":
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
    network.train()
    best, best_state = -np.inf, None
    batches = itertools.islice(_batches(len(targets), config.batch_size, generator), total)
    while epoch := list(itertools.islice(batches, per_epoch)):
        outputs = []
        for indices in epoch:
            outputs.append(_step(network, optimizer, inputs[indices], targets[indices], config, generator))
            if schedule is not None:
                schedule.step()
        if config.keep_best:
            tau = kendall_tau(torch.cat(outputs).numpy(), targets[torch.cat(epoch)].numpy())
            if tau > best:
                best, best_state = tau, copy.deepcopy(network.state_dict())
    if best_state is not None:
        network.load_state_dict(best_state)
    network.eval()


def _step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    inputs: Tensor,
    targets: Tensor,
    config: PredictorConfig,
    generator: torch.Generator,
) -> Tensor:
    """Takes one optimizer step; returns the members' mean outputs before it, shape (n,)."""
    optimizer.zero_grad(set_to_none=True)
    penalty = 0.0
    if config.consistency and isinstance(network, LeNetRanker):
        features = network.features(inputs)
        outputs = network.fc3(features).T
        penalty = config.consistency * consistency_loss(features, targets, generator)
    else:
        outputs = network(inputs)
    loss = squared_loss if config.loss == "mse" else pairwise_loss
    (loss(outputs, targets) + penalty).backward()
    optimizer.step()
    return outputs.detach().mean(dim=0)


def _batches(size: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yields batches of shuffled indices endlessly; their sizes differ by at most one."""
    parts = -(-size // batch_size)
    while True:
        yield from torch.randperm(size, generator=generator).tensor_split(parts)
