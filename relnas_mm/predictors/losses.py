"""Losses of predictors (ReNAS: Xu et al., CVPR 2021)."""

import torch
import torch.nn.functional as F
from torch import Tensor

_TRIPLETS = 8
"""Triplets per sample of a batch."""


def pairwise_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Pairwise logistic loss, the mean of log(1 + exp(-(o_i - o_j) * sign(y_i - y_j))) over i != j.

    The losses of all members are summed.  Pairs of equal targets add the constant log 2 and no gradient.

    Args:
        outputs: Shape (members, n).
        targets: Shape (n,).
    """
    size = len(targets)
    signs = torch.sign(targets[:, None] - targets)
    margins = (outputs[:, :, None] - outputs[:, None, :]) * signs
    # Each diagonal entry is softplus(0) = log 2.
    total = F.softplus(-margins).sum() - len(outputs) * size * F.softplus(outputs.new_zeros(()))
    return total / max(size * (size - 1), 1)


def squared_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error, summed over members."""
    return ((outputs - targets) ** 2).mean(dim=1).sum()


def consistency_loss(features: Tensor, targets: Tensor, generator: torch.Generator) -> Tensor:
    """Consistency loss, by which architectures with similar scores get similar features; not part of ReNAS.

    For triplets (i, j, l) it is softplus(-(d_il - d_ij) * sign(|y_i - y_l| - |y_i - y_j|)) with Euclidean distances d,
    averaged over random triplets of each sample.

    Args:
        features: Inputs of the last layer, shape (n, d).
        targets: Shape (n,).
        generator: Source of the triplets.
    """
    size = len(targets)
    j, other = (torch.randint(size, (_TRIPLETS, size), generator=generator) for _ in range(2))

    def distances(to: Tensor) -> tuple[Tensor, Tensor]:
        squares = ((features - features[to]) ** 2).sum(dim=-1)
        return (squares + 1e-12).sqrt(), (targets - targets[to]).abs()

    (near, near_gap), (far, far_gap) = distances(j), distances(other)
    return F.softplus(-(far - near) * torch.sign(far_gap - near_gap)).mean()
