"""How much memory training a candidate will take, known before anything is trained."""

import os
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

MIB = 2**20


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a search needs on its device, without what the libraries take for themselves.

    Args:
        images: All images, training and validation.
        weights: The shared weights, and what the candidates of a group made of them.
        step: A training step of the heaviest candidate: what its forward pass keeps, gradients and momentum.
        device: The device.
    """

    images: int
    weights: int
    step: int
    device: torch.device

    @property
    def total(self) -> int:
        """All of it."""
        return self.images + self.weights + self.step

    def sentence(self) -> str:
        """What is printed before a search; says so if the device has less."""
        text = (
            f"memory, estimated: {self.total / MIB:.0f} MiB (a training step {self.step / MIB:.0f}, "
            f"weights {self.weights / MIB:.0f}, images {self.images / MIB:.0f})"
        )
        there = device_memory(self.device)
        return (
            text if self.total <= there else f"{text}; {self.device} has {there / MIB:.0f} MiB only: lower batch_size"
        )


def device_memory(device: torch.device) -> int:
    """Bytes of memory of a device."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def size_of(*tensors: Tensor) -> int:
    """Bytes of tensors."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def saved_activation_bytes(network: nn.Module, images: Tensor, labels: Tensor) -> int:
    """Bytes that a forward pass with cross-entropy keeps for the backward pass, parameters left out.

    Args:
        network: In training mode; on the meta device nothing is computed.
        images: Normalized images, (n, c, h, w), on the network's device.
        labels: Classes, (n,).
    """
    own = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage  # held, so that no other storage gets its address
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        F.cross_entropy(network(images), labels)
    return sum(storage.nbytes() for address, storage in kept.items() if address not in own)
