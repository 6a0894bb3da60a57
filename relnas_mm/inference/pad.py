"""More channels than needed, all of them zero, because processors like numbers that their registers divide."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from relnas_mm.models import CellBackbone
from relnas_mm.networks import Cell

REGISTER = 16
"""Numbers of float32 in the widest vector register (AVX-512)."""


@dataclass(frozen=True)
class Places:
    """Where the channels of a tensor are in its padded one.

    Args:
        places: Indices, ascending.
        size: Channels of the padded tensor.
    """

    places: Tensor
    size: int

    @property
    def is_padded(self) -> bool:
        """Whether there are others."""
        return len(self.places) != self.size


class PaddedBackbone(nn.Module):
    """A folded backbone whose nodes have a multiple of 16 channels; those that were added stay zero.

    Args:
        backbone: From `folded`, without normalizations; its convolutions are replaced in place.
    """

    def __init__(self, backbone: CellBackbone):
        super().__init__()
        self.backbone = backbone
        outputs = _pad_stem(backbone)
        for cell, plan in zip(backbone.cells, backbone.plans):
            outputs.append(_pad_cell(cast(Cell, cell), plan.channels, outputs[-2], outputs[-1]))
        for number, index in enumerate(backbone.used_outputs()):
            output = outputs[index + 2]
            self.register_buffer(f"kept{number}", output.places if output.is_padded else None, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Maps as the backbone gave them before."""
        kept = [getattr(self, f"kept{number}") for number in range(len(self.backbone.out_indices))]
        return tuple(y if places is None else y[:, places] for y, places in zip(self.backbone(x), kept))


def can_be_padded(backbone: CellBackbone) -> bool:
    """Whether all weights are those of convolutions: a normalization that was not folded would move the zeros."""
    return not any(list(m.parameters(recurse=False)) for m in backbone.modules() if not isinstance(m, nn.Conv2d))


def _spread(channels: int) -> Places:
    return Places(torch.arange(channels), -(-channels // REGISTER) * REGISTER)


def _node(channels: int) -> Places:
    """Halves begin where those of a stride-2 skip connection do, which concatenates two convolutions."""
    size, half = _spread(channels).size, channels // 2
    return Places(torch.cat([torch.arange(half), torch.arange(channels - half) + size // 2]), size)


def _pad_stem(backbone: CellBackbone) -> list[Places]:
    """The two inputs of the first cell."""
    now = Places(torch.arange(3), 3)
    for stem in backbone.stems:
        for name, module in stem.named_children():
            if isinstance(module, nn.Conv2d):
                following = _spread(module.out_channels)
                setattr(stem, name, _pad_conv(module, now, following))
                now = following
    return [now, now]


def _pad_cell(cell: Cell, channels: int, previous: Places, last: Places) -> Places:
    node = _node(channels)
    half = Places(torch.arange(channels // 2), node.size // 2)
    for path, module in list(cell.named_modules()):
        if isinstance(module, nn.Conv2d):
            parent, _, name = path.rpartition(".")
            inputs = {"preprocess0": previous, "preprocess1": last}.get(path.split(".")[0], node)
            outputs = half if name in ("conv_1", "conv_2") else node
            setattr(cell.get_submodule(parent), name, _pad_conv(module, inputs, outputs))
    places = [number * node.size + node.places for number in range(len(cell.output_nodes))]
    return Places(torch.cat(places), len(places) * node.size)


def _pad_conv(conv: nn.Conv2d, inputs: Places, outputs: Places) -> nn.Conv2d:
    depthwise = conv.groups > 1
    wide = nn.Conv2d(
        *(inputs.size, outputs.size, conv.kernel_size, conv.stride, conv.padding, conv.dilation),  # type: ignore[arg-type]
        groups=outputs.size if depthwise else 1,
        bias=conv.bias is not None,
    ).to(conv.weight)
    for parameter in wide.requires_grad_(False).parameters():
        parameter.zero_()
    wide.weight[outputs.places if depthwise else (outputs.places[:, None], inputs.places)] = conv.weight
    if wide.bias is not None and conv.bias is not None:
        wide.bias[outputs.places] = conv.bias
    return wide
