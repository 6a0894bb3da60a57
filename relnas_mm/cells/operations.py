"""The candidate operations of a cell, after the released code of RelativeNAS and DARTS (section 2.1 there).

Parameter names are those of the original modules, so that its checkpoints load by key.  Every operation can
keep the resolution and be dilated instead of striding (`Sampling`); its weights stay valid.
"""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import TypeGuard, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from relnas_mm.cells.every_second import takes_apart, two_grids
from relnas_mm.cells.normalization import normalize
from relnas_mm.cells.on_cpu import plain_on_cpu, watched
from relnas_mm.cells.sampling import Sampling
from relnas_mm.cells.separable import separable
from relnas_mm.errors import UserError
from relnas_mm.kernels import computable

Norm = Callable[[int], nn.Module]

batch_norm: Norm = partial(nn.BatchNorm2d, eps=1e-5, momentum=0.1)
"""The released normalization layer."""


def conv(channels: int, out: int, kernel: int, sampling: Sampling, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A bias-free convolution that keeps the grid, but for `sampling.step`; `dilation` is its own, nominal one."""
    spread = dilation * sampling.dilation
    return nn.Conv2d(
        channels,
        out,
        kernel,
        stride=sampling.step,
        padding=kernel // 2 * spread,
        dilation=spread,
        groups=groups,
        bias=False,
    )


class Rectifying(nn.Module):
    """An operation that begins with a ReLU, which several readers of a map may share (`Cell`)."""

    def rectifies_itself(self, x: Tensor) -> bool:
        """Whether sharing the ReLU of a map would only cost time, as it is applied where the map is read."""
        return False

    def forward(self, x: Tensor) -> Tensor:
        return self.after_relu(F.relu(x))

    def after_relu(self, x: Tensor) -> Tensor:
        """What follows the ReLU."""
        raise NotImplementedError


class RectifyingSequence(Rectifying):
    """A sequence of layers, `op`, the first of which is the ReLU."""

    bit_exact = True
    """Whether PyTorch's own layers compute each step (`Cell`)."""
    recompute = True
    """Whether large maps inside are computed again in the backward pass (`Cell`)."""
    kernels = "torch"
    """Who computes on CUDA (`relnas_mm.kernels`)."""

    def __init__(self, *layers: nn.Module):
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), *layers)

    def rectifies_itself(self, x: Tensor) -> bool:
        return self.kernels == "triton" and computable(x)

    def forward(self, x: Tensor) -> Tensor:
        if not self.rectifies_itself(x):
            return super().forward(x)
        from relnas_mm.kernels.sequence import sequence

        return sequence(self.op, x)

    def after_relu(self, x: Tensor) -> Tensor:
        layers, before = islice(self.op, 1, None), self.op[0]
        for layer in layers:
            if self.bit_exact:
                x = layer(x)
            elif _is_depthwise(layer):
                x = separable(x, layer, cast(nn.Conv2d, next(layers)), self.recompute)
            elif isinstance(layer, nn.ReLU):
                x = F.relu(x, inplace=not watched(before))  # no one else reads it
            else:
                x = normalize(x, layer) if isinstance(layer, nn.BatchNorm2d) else layer(x)
            before = layer
        return x


def _is_depthwise(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    return isinstance(layer, nn.Conv2d) and layer.groups > 1


class ReluConvNorm(RectifyingSequence):
    """ReLU, 1x1 convolution, normalization."""

    def __init__(self, channels: int, out: int, norm: Norm):
        super().__init__(conv(channels, out, 1, Sampling()), norm(out))


class SepConv(RectifyingSequence):
    """ReLU, depthwise, pointwise, normalization; twice, the second time without stride."""

    def __init__(self, channels: int, kernel: int, sampling: Sampling, norm: Norm):
        layers: list[nn.Module] = []
        for own in (sampling, sampling.following):
            layers += [
                nn.ReLU(),
                conv(channels, channels, kernel, own, groups=channels),
                conv(channels, channels, 1, Sampling()),
                norm(channels),
            ]
        super().__init__(*layers[1:])


class DilConv(RectifyingSequence):
    """ReLU, depthwise with dilation 2, pointwise, normalization."""

    def __init__(self, channels: int, kernel: int, sampling: Sampling, norm: Norm):
        super().__init__(
            conv(channels, channels, kernel, sampling, groups=channels, dilation=2),
            conv(channels, channels, 1, Sampling()),
            norm(channels),
        )


class Conv7x1And1x7(RectifyingSequence):
    """ReLU, 1x7 and 7x1 convolution, normalization."""

    def __init__(self, channels: int, sampling: Sampling, norm: Norm):
        step, spread = sampling.step, sampling.dilation

        def line(kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Conv2d:
            padding = (kernel[0] // 2 * spread, kernel[1] // 2 * spread)
            return nn.Conv2d(channels, channels, kernel, stride, padding, dilation=spread, bias=False)

        super().__init__(line((1, 7), (1, step)), line((7, 1), (step, 1)), norm(channels))


class FactorizedReduce(Rectifying):
    """ReLU, two 1x1 convolutions of stride 2 on grids one position apart, concatenation, normalization.

    Unlike the original it takes any size: an odd side is continued by one zero, which gives `ceil(side / 2)`
    positions, as every other stride-2 operation of a cell does.
    """

    bit_exact = True
    """As in `RectifyingSequence`."""
    kernels = "torch"
    """Who computes on CUDA (`relnas_mm.kernels`)."""

    def __init__(self, channels: int, out: int, norm: Norm, sampling: Sampling):
        super().__init__()
        if out % 2:
            raise UserError(f"a stride-2 skip connection makes {out} channels of two halves; the number must be even")
        self.shift, self.step = sampling.dilation, sampling.step
        self.conv_1 = conv(channels, out // 2, 1, sampling)
        self.conv_2 = conv(channels, out // 2, 1, sampling)
        self.bn = norm(out)

    def rectifies_itself(self, x: Tensor) -> bool:
        return self.kernels == "triton" and self.step == 2 and self.shift == 1 and computable(x)

    def forward(self, x: Tensor) -> Tensor:
        if not self.rectifies_itself(x):
            return super().forward(x)
        from relnas_mm.kernels.sequence import halved

        return halved(x, self.conv_1.weight, self.conv_2.weight, self.bn)

    def after_relu(self, x: Tensor) -> Tensor:
        if not self.bit_exact and self.step == 2 and self.shift == 1 and takes_apart(x, self.conv_1, self.conv_2):
            grids = zip(two_grids(x), (self.conv_1, self.conv_2))
            return normalize(torch.cat([F.conv2d(grid, own.weight, own.bias) for grid, own in grids], dim=1), self.bn)
        # The second grid starts `shift` positions later; the border is continued to the first one's length.
        down, right = (self.shift if self.step == 1 else side % 2 for side in x.shape[-2:])
        # Padding by nothing would copy; in a trace it must stay, for images of other sizes.
        traced = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
        wide = F.pad(x, (0, right, 0, down)) if traced or down or right else x
        moved = wide[..., self.shift :, self.shift :]  # a map may be narrower than the shift
        both = torch.cat([self.conv_1(x), self.conv_2(moved)], dim=1)
        return self.bn(both) if self.bit_exact else normalize(both, self.bn)


class Pool(nn.Module):
    """3x3, without normalization."""

    mean = False
    """Whether it takes the mean; else the maximum."""
    bit_exact = True
    """As in `RectifyingSequence`."""
    kernels = "torch"
    """Who computes on CUDA (`relnas_mm.kernels`)."""

    def __init__(self, sampling: Sampling):
        super().__init__()
        self.step, self.dilation = sampling.step, sampling.dilation

    def forward(self, x: Tensor) -> Tensor:
        if self.kernels == "torch" or self.dilation > 1 or not computable(x):
            return self.by_torch(x)
        from relnas_mm.kernels.pools import pool

        return pool(x, self.step, self.mean)

    def by_torch(self, x: Tensor) -> Tensor:
        """What PyTorch's functions give."""
        raise NotImplementedError


class MaxPool(Pool):
    """3x3 maximum.

    Without gradients the maximum of rows and then of columns needs no positions, which torch would look up.
    """

    def by_torch(self, x: Tensor) -> Tensor:
        if self.dilation == self.step == 1 and not torch.is_grad_enabled() and plain_on_cpu(x):
            wide = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1), value=float("-inf"))
            return _largest_of_three(_largest_of_three(wide, 1), 2).permute(0, 3, 1, 2)
        if self.dilation == 1:
            return F.max_pool2d(x, 3, self.step, padding=1)
        # torch pads a pool by half its nominal width at most, whatever its dilation.
        x = F.pad(x, (self.dilation,) * 4, value=float("-inf"))
        return F.max_pool2d(x, 3, self.step, dilation=self.dilation)


def _largest_of_three(x: Tensor, axis: int) -> Tensor:
    """The maximum of each position and the two after it."""
    first, second, third = (x.narrow(axis, start, x.shape[axis] - 2) for start in range(3))
    return torch.maximum(torch.maximum(first, second), third)


class AvgPool(Pool):
    """3x3 mean over the positions inside the map.

    torch has no dilated mean: that case is a box filter over the map divided by one over ones, which on CPUs with the
    channels last is faster than its mean, too.
    """

    mean = True

    def by_torch(self, x: Tensor) -> Tensor:
        if self.dilation == 1 and (self.bit_exact or not plain_on_cpu(x)):
            return F.avg_pool2d(x, 3, self.step, padding=1, count_include_pad=False)
        counts = self._box_sum(x.new_ones(1, 1, *x.shape[-2:]))
        return self._box_sum(x) / counts

    def _box_sum(self, x: Tensor) -> Tensor:
        channels = int(x.shape[1])  # a number, which the ONNX exporter needs, and not a traced value
        box = x.new_ones(channels, 1, 3, 3)
        return F.conv2d(x, box, None, self.step, self.dilation, self.dilation, groups=channels)


class Zero(nn.Module):
    """Zeros of the right size."""

    def __init__(self, sampling: Sampling):
        super().__init__()
        self.step = sampling.step

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x[:, :, :: self.step, :: self.step])


def _skip(channels: int, sampling: Sampling, norm: Norm) -> nn.Module:
    return nn.Identity() if sampling.stride == 1 else FactorizedReduce(channels, channels, norm, sampling)


_BUILDERS: dict[str, Callable[[int, Sampling, Norm], nn.Module]] = {
    "none": lambda channels, sampling, norm: Zero(sampling),
    "max_pool_3x3": lambda channels, sampling, norm: MaxPool(sampling),
    "avg_pool_3x3": lambda channels, sampling, norm: AvgPool(sampling),
    "skip_connect": _skip,
    "sep_conv_3x3": lambda channels, sampling, norm: SepConv(channels, 3, sampling, norm),
    "sep_conv_5x5": lambda channels, sampling, norm: SepConv(channels, 5, sampling, norm),
    "sep_conv_7x7": lambda channels, sampling, norm: SepConv(channels, 7, sampling, norm),
    "dil_conv_3x3": lambda channels, sampling, norm: DilConv(channels, 3, sampling, norm),
    "dil_conv_5x5": lambda channels, sampling, norm: DilConv(channels, 5, sampling, norm),
    "conv_7x1_1x7": Conv7x1And1x7,
}


def build_operation(name: str, channels: int, sampling: Sampling | None = None, norm: Norm = batch_norm) -> nn.Module:
    """A candidate operation with as many output as input channels.

    Args:
        name: One of `relnas_mm.genotype.OPERATIONS`.
        channels: Channels in and out.
        sampling: Stride and dilation; `None` means neither.
        norm: Makes a normalization layer for a number of channels.

    Raises:
        UserError: The operation is unknown, or cannot have so many channels.
    """
    if name not in _BUILDERS:
        raise UserError(f"unknown operation {name!r}; known are {', '.join(_BUILDERS)}")
    return _BUILDERS[name](channels, sampling or Sampling(), norm)
