"""The gradient of the validation loss with respect to the architecture, of first and second order."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from relnas_mm.search.darts.network import MixedNetwork

Batch = tuple[Tensor, Tensor]
FINITE_STEP = 0.01
"""Length of the step in weights by which the second-order term is measured, as in the paper."""


@dataclass(frozen=True)
class VirtualStep:
    """The step of SGD that the weights would take next.

    Args:
        lr: Learning rate.
        momentum: Share of the old step.
        weight_decay: Weight decay.
    """

    lr: float
    momentum: float
    weight_decay: float

    def taken(
        self, weights: Mapping[str, Tensor], gradients: Mapping[str, Tensor], steps: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Where the weights would be; new tensors, detached.

        Args:
            weights: Where they are.
            gradients: Of the training loss.
            steps: SGD's momentum buffers; empty before its first step.
        """
        moved = {}
        for name, weight in weights.items():
            step = gradients[name] + self.weight_decay * weight
            if name in steps:
                step = step + self.momentum * steps[name]
            moved[name] = (weight - self.lr * step).detach().requires_grad_()
        return moved


def first_order(network: MixedNetwork, validation: Batch) -> tuple[Tensor, list[Tensor]]:
    """Validation loss with the weights as they are, and its gradient in the alphas."""
    loss = F.cross_entropy(network(validation[0]), validation[1])
    return loss.detach(), list(torch.autograd.grad(loss, list(network.alphas)))


def second_order(
    network: MixedNetwork, training: Batch, validation: Batch, step: VirtualStep, steps: Mapping[str, Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Validation loss after a virtual step of the weights, and its gradient in the alphas through that step.

    The term through the step is the difference of two gradients of the training loss, at weights moved a little along
    and against the validation gradient.  Neither weights nor running statistics of the network change.

    Args:
        network: The network.
        training: Batch of the virtual step.
        validation: Batch of the loss.
        step: The virtual step.
        steps: SGD's momentum buffers by name of the weight.
    """
    alphas, weights = list(network.alphas), network.named_weights()
    names = list(weights)

    def loss_at(values: Mapping[str, Tensor], batch: Batch) -> Tensor:
        buffers = {name: value.clone() for name, value in network.named_buffers()}
        return F.cross_entropy(functional_call(network, {**values, **buffers}, (batch[0],)), batch[1])

    gradients = torch.autograd.grad(loss_at(weights, training), list(weights.values()))
    virtual = step.taken(weights, dict(zip(names, gradients)), steps)
    loss = loss_at(virtual, validation)
    direct, through = _split(torch.autograd.grad(loss, [*alphas, *virtual.values()]), len(alphas))
    length = FINITE_STEP / torch.cat([part.flatten() for part in through]).norm()
    ends = []
    for sign in (1, -1):
        moved = {name: (weights[name] + sign * length * part).detach() for name, part in zip(names, through)}
        ends.append(torch.autograd.grad(loss_at(moved, training), alphas))
    return loss.detach(), [
        first - step.lr * (ahead - behind) / (2 * length) for first, ahead, behind in zip(direct, *ends)
    ]


def _split(values: tuple[Tensor, ...], count: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    return values[:count], values[count:]
