"""Trains weights and alphas alternately, batch by batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.evaluators.training import TrainConfig
from relnas_mm.search.darts.gradient import Batch, VirtualStep, first_order, second_order
from relnas_mm.search.darts.network import MixedNetwork

_NETWORK, _MOMENTUM, _ADAM = "network/", "momentum/", "adam/"
ORDERS = (1, 2)


@dataclass(frozen=True)
class ArchitectureConfig:
    """Optimization of the alphas; the defaults are those of DARTS.

    Args:
        order: Order of the gradient, 1 or 2 (through a virtual step of the weights).
        lr: Learning rate of Adam.
        betas: Betas of Adam.
        weight_decay: Weight decay of Adam.
        warmup: Number of epochs that train only the weights.

    Raises:
        UserError: A value is out of range.
    """

    order: int = 2
    lr: float = 3e-4
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 1e-3
    warmup: int = 0

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise UserError(f"order of the architecture is {self.order!r}; allowed are 1 and 2")
        if self.lr <= 0 or self.warmup < 0:
            raise UserError(
                f"lr of the architecture is {self.lr!r} and warmup {self.warmup!r}; they must be > 0 and >= 0"
            )


class MixedTrainer:
    """A mixed network with the optimizers of its weights and its alphas.

    Args:
        network: The network, on its device.
        config: Optimization of the weights.
        architecture: Optimization of the alphas.
    """

    def __init__(self, network: MixedNetwork, config: TrainConfig, architecture: ArchitectureConfig):
        self.network, self.config, self.architecture = network, config, architecture
        self.weights = network.named_weights()
        self.sgd = config.optimizer(list(self.weights.values()), 0.0)
        self.adam = torch.optim.Adam(
            list(network.alphas), architecture.lr, architecture.betas, weight_decay=architecture.weight_decay
        )

    def run_epoch(self, training: Iterator[Batch], validation: Iterator[Batch], progress: float, epoch: int) -> float:
        """Takes a step of the alphas, then one of the weights, for each batch.

        Args:
            training: Batches that train the weights.
            validation: At least as many batches, which train the alphas.
            progress: Share of the epochs done, in [0, 1).
            epoch: Number of the epoch, from 0.

        Returns:
            Mean training loss.
        """
        self.network.train()
        (group,) = self.sgd.param_groups
        group["lr"] = self.config.lr_at(progress)
        losses: list[Tensor] = []
        for batch in training:
            if epoch >= self.architecture.warmup:
                self._architecture_step(batch, next(validation))
            losses.append(self._weight_step(batch))
        return torch.stack(losses).mean().item()

    def state_dict(self) -> dict[str, Tensor]:
        """Returns copies of all tensors, from which training resumes exactly."""
        state = {_NETWORK + name: value.clone() for name, value in self.network.state_dict().items()}
        state |= {_MOMENTUM + name: value.clone() for name, value in self._momenta().items()}
        for index, alphas in enumerate(self.network.alphas):
            for name, value in self.adam.state[alphas].items():
                state[f"{_ADAM}{index}/{name}"] = value.clone()
        return state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the tensors of `state_dict`."""
        device = self.network.alphas[0].device
        parts: dict[str, dict[str, Tensor]] = {_NETWORK: {}, _MOMENTUM: {}, _ADAM: {}}
        for name, value in state.items():
            part, _, rest = name.partition("/")
            parts[f"{part}/"][rest] = value
        self.network.load_state_dict(parts[_NETWORK])
        for name, value in parts[_MOMENTUM].items():
            self.sgd.state[self.weights[name]]["momentum_buffer"] = value.to(device)
        for name, value in parts[_ADAM].items():
            index, _, key = name.partition("/")
            # Adam keeps its step counter on the CPU.
            self.adam.state[self.network.alphas[int(index)]][key] = value if key == "step" else value.to(device)

    def _momenta(self) -> dict[str, Tensor]:
        state = self.sgd.state
        return {n: state[w]["momentum_buffer"] for n, w in self.weights.items() if "momentum_buffer" in state[w]}

    def _architecture_step(self, training: Batch, validation: Batch) -> None:
        if self.architecture.order == 1:
            _, gradients = first_order(self.network, validation)
        else:
            lr = self.sgd.param_groups[0]["lr"]
            step = VirtualStep(lr, self.config.momentum, self.config.weight_decay)
            _, gradients = second_order(self.network, training, validation, step, self._momenta())
        for alphas, gradient in zip(self.network.alphas, gradients):
            alphas.grad = gradient
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)

    def _weight_step(self, batch: Batch) -> Tensor:
        weights = list(self.weights.values())
        loss = F.cross_entropy(self.network(batch[0]), batch[1])
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
            weight.grad = gradient
        nn.utils.clip_grad_norm_(weights, self.config.grad_clip)
        self.sgd.step()
        return loss.detach()
