"""Estimates of the memory of a search, before anything is trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from relnas_mm.operating_system import total_memory

MIB = 2**20


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a search needs on its device, apart from the libraries' own memory.

    Args:
        images: Training and validation images.
        weights: Shared weights, and their copies in the candidates of a group.
        step: A training step of the largest candidate: saved activations, gradients and momentum.
        device: The device.
    """

    images: int
    weights: int
    step: int
    device: torch.device

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return self.images + self.weights + self.step

    def sentence(self) -> str:
        """The estimate as text, with advice if the device has less memory."""
        text = (
            f"memory, estimated: {self.total / MIB:.0f} MiB (a training step {self.step / MIB:.0f}, "
            f"weights {self.weights / MIB:.0f}, images {self.images / MIB:.0f})"
        )
        available = device_memory(self.device)
        if available is None or self.total <= available:
            return text
        return f"{text}; {self.device} has {available / MIB:.0f} MiB only: lower batch_size"


def device_memory(device: torch.device) -> int | None:
    """Total memory of a device in bytes; `None` if unknown."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return total_memory()


def size_of(*tensors: Tensor) -> int:
    """Total size of tensors in bytes."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def saved_activation_bytes(network: nn.Module, images: Tensor, labels: Tensor) -> int:
    """Bytes that a forward pass with cross-entropy saves for the backward pass, without parameters.

    Args:
        network: A network in training mode; on the meta device nothing is computed.
        images: Normalized images, (n, c, h, w), on the network's device.
        labels: Class indices, (n,).
    """
    with saved_storages(network) as saved:
        F.cross_entropy(network(images), labels)
    return sum(storage.nbytes() for storage in saved)


@contextmanager
def saved_storages(network: nn.Module) -> Iterator[list[torch.UntypedStorage]]:
    """Lists the storages that autograd saves within the context, each once, without those of parameters."""
    known = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    saved: list[torch.UntypedStorage] = []

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            known.add(storage._cdata)
            saved.append(storage)  # a reference, so that no other storage reuses the address
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        yield saved
