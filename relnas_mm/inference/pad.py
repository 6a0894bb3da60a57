"""Zero-pads the channels of a backbone to multiples of the SIMD width."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from relnas_mm.models import CellBackbone
from relnas_mm.networks import Cell

REGISTER = 16
"""float32 elements of the widest vector register (AVX-512)."""


@dataclass(frozen=True)
class Layout:
    """Positions of a tensor's channels in the padded tensor.

    Args:
        indices: Positions, ascending.
        size: Channels of the padded tensor.
    """

    indices: Tensor
    size: int

    @property
    def is_padded(self) -> bool:
        """Whether the padded tensor has additional channels."""
        return len(self.indices) != self.size


class PaddedBackbone(nn.Module):
    """A fused backbone whose nodes have a multiple of 16 channels; additional channels are zero.

    Args:
        backbone: Result of `fuse_backbone`, without other normalizations; its convolutions are replaced in place.
    """

    def __init__(self, backbone: CellBackbone):
        super().__init__()
        self.backbone = backbone
        outputs = _pad_stem(backbone)
        for cell, plan in zip(backbone.cells, backbone.plans):
            outputs.append(_pad_cell(cast(Cell, cell), plan.channels, outputs[-2], outputs[-1]))
        for number, index in enumerate(backbone.used_outputs()):
            output = outputs[index + 2]
            self.register_buffer(f"channels{number}", output.indices if output.is_padded else None, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature maps of the original backbone, without the padding."""
        channels = [getattr(self, f"channels{number}") for number in range(len(self.backbone.out_indices))]
        return tuple(y if indices is None else y[:, indices] for y, indices in zip(self.backbone(x), channels))


def can_be_padded(backbone: CellBackbone) -> bool:
    """Whether only convolutions have parameters: a remaining normalization would make padding non-zero."""
    return not any(list(m.parameters(recurse=False)) for m in backbone.modules() if not isinstance(m, nn.Conv2d))


def _padded_at_end(channels: int) -> Layout:
    return Layout(torch.arange(channels), -(-channels // REGISTER) * REGISTER)


def _node_layout(channels: int) -> Layout:
    """Both halves are padded, as a stride-2 skip connection concatenates two convolutions."""
    size, half = _padded_at_end(channels).size, channels // 2
    return Layout(torch.cat([torch.arange(half), torch.arange(channels - half) + size // 2]), size)


def _pad_stem(backbone: CellBackbone) -> list[Layout]:
    """Pads the stem in place, and returns the layouts of the first cell's inputs."""
    layout = Layout(torch.arange(3), 3)
    for stem in backbone.stems:
        for name, module in stem.named_children():
            if isinstance(module, nn.Conv2d):
                outputs = _padded_at_end(module.out_channels)
                setattr(stem, name, _pad_conv(module, layout, outputs))
                layout = outputs
    return [layout, layout]


def _pad_cell(cell: Cell, channels: int, previous: Layout, last: Layout) -> Layout:
    """Pads a cell in place, and returns the layout of its output."""
    node = _node_layout(channels)
    half = Layout(torch.arange(channels // 2), node.size // 2)
    for path, module in list(cell.named_modules()):
        if isinstance(module, nn.Conv2d):
            parent, _, name = path.rpartition(".")
            inputs = {"preprocess0": previous, "preprocess1": last}.get(path.split(".")[0], node)
            outputs = half if name in ("conv_1", "conv_2") else node
            setattr(cell.get_submodule(parent), name, _pad_conv(module, inputs, outputs))
    indices = [number * node.size + node.indices for number in range(len(cell.output_nodes))]
    return Layout(torch.cat(indices), len(indices) * node.size)


def _pad_conv(conv: nn.Conv2d, inputs: Layout, outputs: Layout) -> nn.Conv2d:
    depthwise = conv.groups > 1
    padded = nn.Conv2d(
        *(inputs.size, outputs.size, conv.kernel_size, conv.stride, conv.padding, conv.dilation),  # type: ignore[arg-type]
        groups=outputs.size if depthwise else 1,
        bias=conv.bias is not None,
    ).to(conv.weight)
    for parameter in padded.requires_grad_(False).parameters():
        parameter.zero_()
    padded.weight[outputs.indices if depthwise else (outputs.indices[:, None], inputs.indices)] = conv.weight
    if padded.bias is not None and conv.bias is not None:
        padded.bias[outputs.indices] = conv.bias
    return padded
