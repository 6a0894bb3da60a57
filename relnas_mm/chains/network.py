"""A chain as modules: stem, layers, and the classifier that is searched and retrained."""

from collections import deque
from collections.abc import Iterator
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from relnas_mm.cells import Norm, batch_norm, cifar_stem, imagenet_stems
from relnas_mm.cells.operations import conv
from relnas_mm.chains.chain import Chain
from relnas_mm.chains.layout import STEM_WIDTHS, LayerPlan, plan_chain


class ChainLayer(nn.Sequential):
    """ReLU, convolution and normalization; the convolution is dense, or depthwise and then pointwise."""

    def __init__(self, plan: LayerPlan, norm: Norm = batch_norm):
        size = plan.outputs, plan.kernel, plan.sampling
        if plan.operation == "conv":
            layers = [conv(plan.inputs, *size)]
        else:
            depthwise = conv(plan.inputs, plan.inputs, *size[1:], groups=plan.inputs)
            layers = [depthwise, nn.Conv2d(plan.inputs, plan.outputs, 1, bias=False)]
        super().__init__(nn.ReLU(), *layers, norm(plan.outputs))
        self.skip = plan.skip

    def forward(self, input: Tensor) -> Tensor:
        """The next map; the input is added where the plan says so."""
        output = super().forward(input)
        return output + input if self.skip else output


class ChainTrunk(nn.Module):
    """The stem and the layers; subclasses add what they need on top.

    State-dict keys: `stem.*` or `stem0.*` and `stem1.*`, then `layers.{i}.*`.

    Args:
        chain: The network.
        stem: 'cifar' (one convolution of stride 1) or 'imagenet' (three of stride 2).
        output_stride: Largest stride; beyond it layers dilate instead.
        in_channels: Channels of the image.
        norm: Makes a normalization layer for a number of channels.
        with_cp: Recompute each layer in the backward pass instead of keeping its activations.
        **kwargs: For the next class in the method resolution order.
    """

    def __init__(
        self,
        chain: Chain,
        stem: str = "cifar",
        output_stride: int = 32,
        in_channels: int = 3,
        norm: Norm = batch_norm,
        with_cp: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.chain, self.stem_kind, self.with_cp = chain, stem, with_cp
        self.plans = plan_chain(chain, stem, output_stride)
        channels = STEM_WIDTHS * chain.width
        if stem == "cifar":
            self.stem = cifar_stem(channels, in_channels, norm)
        else:
            self.stem0, self.stem1 = imagenet_stems(channels, in_channels, norm)
        self.layers = nn.ModuleList(ChainLayer(plan, norm) for plan in self.plans)

    def forward_stem(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The map of the stem's first part, and what the first layer reads."""
        if self.stem_kind == "cifar":
            s0 = self.stem(x)
            return s0, s0
        s0 = self.stem0(x)
        return s0, self.stem1(s0)

    def forward_layers(self, x: Tensor) -> Iterator[Tensor]:
        """Output of each layer in turn."""
        for layer in self.layers:
            recompute = self.with_cp and self.training
            x = cast(Tensor, checkpoint(layer, x, use_reentrant=False)) if recompute else layer(x)
            yield x


class ChainNetwork(ChainTrunk):
    """Stem, layers, global average pooling and a linear classifier.

    Args:
        chain: The network.
        in_channels: Channels of the images.
        num_classes: Outputs of the classifier.
    """

    def __init__(self, chain: Chain, in_channels: int = 3, num_classes: int = 10):
        super().__init__(chain, in_channels=in_channels)
        self.classifier = nn.Linear(self.plans[-1].outputs, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, (n, num_classes), of normalized images, (n, c, h, w)."""
        output = deque(self.forward_layers(self.stem(images)), maxlen=1).pop()
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(output, 1), 1))
