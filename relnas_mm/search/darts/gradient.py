"""First- and second-order gradients of the validation loss with respect to the alphas (DARTS, 2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from relnas_mm.search.darts.network import MixedNetwork

Batch = tuple[Tensor, Tensor]
FINITE_STEP = 0.01
"""Norm of the weight perturbation in the finite-difference approximation, as in the paper."""


@dataclass(frozen=True)
class VirtualStep:
    """Hypothetical next SGD step of the weights.

    Args:
        lr: Learning rate.
        momentum: Momentum.
        weight_decay: Weight decay.
    """

    lr: float
    momentum: float
    weight_decay: float

    def taken(
        self, weights: Mapping[str, Tensor], gradients: Mapping[str, Tensor], momenta: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Returns the weights after the step, as new leaf tensors.

        Args:
            weights: Current weights.
            gradients: Gradients of the training loss.
            momenta: SGD's momentum buffers; empty before its first step.
        """
        moved = {}
        for name, weight in weights.items():
            step = gradients[name] + self.weight_decay * weight
            if name in momenta:
                step = step + self.momentum * momenta[name]
            moved[name] = (weight - self.lr * step).detach().requires_grad_()
        return moved


def first_order(network: MixedNetwork, validation: Batch) -> tuple[Tensor, list[Tensor]]:
    """Returns the validation loss at the current weights, and its gradients with respect to the alphas."""
    loss = F.cross_entropy(network(validation[0]), validation[1])
    return loss.detach(), list(torch.autograd.grad(loss, list(network.alphas)))


def second_order(
    network: MixedNetwork, training: Batch, validation: Batch, step: VirtualStep, momenta: Mapping[str, Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Returns the validation loss after a virtual step, and its gradients with respect to the alphas.

    The gradient through the step is approximated by finite differences: the gradients of the training loss at weights
    perturbed along and against the validation gradient.  The network's weights and running statistics do not change.

    Args:
        network: The mixed network.
        training: Batch of the virtual step.
        validation: Batch of the validation loss.
        step: The virtual step.
        momenta: SGD's momentum buffers by name of the weight.
    """
    alphas, weights = list(network.alphas), network.named_weights()
    names = list(weights)

    def loss_at(values: Mapping[str, Tensor], batch: Batch) -> Tensor:
        buffers = {name: value.clone() for name, value in network.named_buffers()}
        return F.cross_entropy(functional_call(network, {**values, **buffers}, (batch[0],)), batch[1])

    gradients = torch.autograd.grad(loss_at(weights, training), list(weights.values()))
    virtual = step.taken(weights, dict(zip(names, gradients)), momenta)
    loss = loss_at(virtual, validation)
    grad_alphas, grad_weights = _split(torch.autograd.grad(loss, [*alphas, *virtual.values()]), len(alphas))
    epsilon = FINITE_STEP / torch.cat([grad.flatten() for grad in grad_weights]).norm()
    perturbed = []
    for sign in (1, -1):
        moved = {name: (weights[name] + sign * epsilon * grad).detach() for name, grad in zip(names, grad_weights)}
        perturbed.append(torch.autograd.grad(loss_at(moved, training), alphas))
    return loss.detach(), [
        grad - step.lr * (plus - minus) / (2 * epsilon) for grad, plus, minus in zip(grad_alphas, *perturbed)
    ]


def _split(values: tuple[Tensor, ...], count: int) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    return values[:count], values[count:]
