"""Multiply-adds, counted by forward hooks."""

from collections import Counter
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class MultiplyAdds:
    """Multiply-adds by module name, including submodules; '' is the whole network.

    The count is that of the reference implementation of RelativeNAS, which papers on cell search quote: one per weight
        and
    output position of convolutions and linear layers, and one per output element for the bias of a convolution, but not
    of a linear layer.

    Attributes:
        quoted: Counts of `Conv2d` and `Linear` modules only.
        all: Counts including `ConvTranspose2d`.
    """

    def __init__(self) -> None:
        self.quoted: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self._visited: set[str] = set()

    def ran(self, name: str) -> bool:
        """Whether the module of this name, or one of its submodules, was called."""
        return name in self._visited

    def add(self, name: str, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """Counts one call of a module."""
        words = name.split(".")
        path = [".".join(words[:depth]) for depth in range(len(words) + 1)]
        self._visited.update(path)
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            self.quoted.update(dict.fromkeys(path, _macs(module, output)))
            self.all.update(dict.fromkeys(path, _macs(module, output)))
        elif isinstance(module, nn.ConvTranspose2d):
            self.all.update(dict.fromkeys(path, _macs_of_deconvolution(module, inputs[0], output)))


def count_macs(network: nn.Module, images: Tensor) -> MultiplyAdds:
    """Counts the multiply-adds of one forward pass; functional calls are not counted.

    Args:
        network: The network.
        images: A batch, (n, 3, h, w), on the network's device.
    """
    counts = MultiplyAdds()
    handles = []
    for name, module in network.named_modules():
        handles.append(module.register_forward_hook(partial(counts.add, name)))
    try:
        with torch.no_grad():
            network(images)
    finally:
        for handle in handles:
            handle.remove()
    return counts


# Counts derive from output sizes, as a module may be called on any number of images or regions at once.


def _macs(module: nn.Conv2d | nn.Linear, output: Tensor) -> int:
    if isinstance(module, nn.Linear):
        return module.weight.numel() * (output.numel() // module.out_features)
    return module.weight.numel() * (output.numel() // module.out_channels) + _bias(module, output)


def _macs_of_deconvolution(module: nn.ConvTranspose2d, inputs: Tensor, output: Tensor) -> int:
    # Transposed: each weight is applied at every input position.
    return module.weight.numel() * (inputs.numel() // module.in_channels) + _bias(module, output)


def _bias(module: nn.Conv2d | nn.ConvTranspose2d, output: Tensor) -> int:
    return 0 if module.bias is None else output.numel()
