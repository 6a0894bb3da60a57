"""Multiply-adds, counted where modules are called."""

from collections import Counter
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class MultiplyAdds:
    """Multiply-adds by module; those that contain it, and '' for the whole, get its share as well.

    The count is that of the released RelativeNAS code, which papers on cell search quote: each weight of a convolution
    or linear layer once for each position, and the bias of a convolution (not of a linear layer) as one more.

    Attributes:
        quoted: Of `Conv2d` and `Linear` modules alone, as quoted.
        all: With `ConvTranspose2d`.
    """

    def __init__(self) -> None:
        self.quoted: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self._visited: set[str] = set()

    def ran(self, name: str) -> bool:
        """Whether the module of this name, or one inside it, was called."""
        return name in self._visited

    def add(self, name: str, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """Counts one call of a module."""
        words = name.split(".")
        above = [".".join(words[:depth]) for depth in range(len(words) + 1)]
        self._visited.update(above)
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            self.quoted.update(dict.fromkeys(above, _macs(module, output)))
            self.all.update(dict.fromkeys(above, _macs(module, output)))
        elif isinstance(module, nn.ConvTranspose2d):
            self.all.update(dict.fromkeys(above, _macs_of_deconvolution(module, inputs[0], output)))


def count_macs(network: nn.Module, images: Tensor) -> MultiplyAdds:
    """Runs a network once and counts; what calls no module, such as a functional convolution, is not seen.

    Args:
        network: A function of images.
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


# A module may be called on any number of images or regions at once, hence sizes from its maps.


def _macs(module: nn.Conv2d | nn.Linear, output: Tensor) -> int:
    if isinstance(module, nn.Linear):
        return module.weight.numel() * (output.numel() // module.out_features)
    return module.weight.numel() * (output.numel() // module.out_channels) + _bias(module, output)


def _macs_of_deconvolution(module: nn.ConvTranspose2d, inputs: Tensor, output: Tensor) -> int:
    # The other way round: each weight meets every position of the input.
    return module.weight.numel() * (inputs.numel() // module.in_channels) + _bias(module, output)


def _bias(module: nn.Conv2d | nn.ConvTranspose2d, output: Tensor) -> int:
    return 0 if module.bias is None else output.numel()
