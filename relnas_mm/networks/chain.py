"""Chains as modules: layers, trunk and classification network."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from relnas_mm.backends import REFERENCE, Backend, FeatureMap
from relnas_mm.networks.chain_plan import CHAIN_STEM_WIDTH, LayerPlan, plan_chain, stage_ends
from relnas_mm.networks.classifier import build_classifier
from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.networks.operations import Norm, batch_norm, conv
from relnas_mm.networks.stems import STEM_STRIDES
from relnas_mm.networks.trunk import STEM, Trunk

if TYPE_CHECKING:
    from relnas_mm.architectures import Chain


class ChainLayer(nn.Sequential):
    """ReLU, dense or depthwise-separable convolution, normalization."""

    def __init__(self, plan: LayerPlan, norm: Norm = batch_norm):
        size = plan.outputs, plan.kernel, plan.sampling
        if plan.operation == "conv":
            layers = [conv(plan.inputs, *size)]
        else:
            depthwise = conv(plan.inputs, plan.inputs, *size[1:], groups=plan.inputs)
            layers = [depthwise, nn.Conv2d(plan.inputs, plan.outputs, 1, bias=False)]
        super().__init__(nn.ReLU(), *layers, norm(plan.outputs))
        self.skip = plan.skip

    def forward(self, input: Tensor, backend: Backend = REFERENCE) -> Tensor:
        """Applies the layers, plus the residual connection of the plan."""
        output = backend.preact_sequence(self, FeatureMap(input))
        return output + input if self.skip else output


class ChainTrunk(Trunk):
    """Stem and layers of a chain, without a head.

    State-dict keys of the body: `layers.{i}.*`.

    Args:
        chain: The layers.
        stem: 'cifar' (one convolution of stride 1) or 'imagenet' (three of stride 2).
        output_stride: Largest stride; beyond it layers are dilated instead of strided.
        in_channels: Channels of the images.
        norm: Builds a normalization layer for a number of channels.
        with_cp: Recompute each layer in the backward pass instead of saving its activations.
        backend: Name or instance of a backend (`relnas_mm.backends`).
        **kwargs: For the next class in the method resolution order.
    """

    def __init__(
        self,
        chain: "Chain",
        stem: str = "cifar",
        output_stride: int = 32,
        in_channels: int = 3,
        norm: Norm = batch_norm,
        with_cp: bool = False,
        backend: str | Backend = "auto",
        **kwargs: Any,
    ):
        plans = plan_chain(chain, stem, output_stride)
        stem_channels = CHAIN_STEM_WIDTH * chain.width
        super().__init__(stem, stem_channels, in_channels, norm, with_cp, backend, **kwargs)
        self.chain, self.plans = chain, plans
        self.layers = nn.ModuleList(ChainLayer(plan, norm) for plan in plans)
        self.stage_ends = stage_ends(chain.depth)
        stages = (plans[end] for end in self.stage_ends)
        info = {index: FeatureInfo(plan.outputs, plan.stride) for index, plan in enumerate(stages)}
        self.feature_info = {STEM: FeatureInfo(stem_channels, STEM_STRIDES[stem][0]), **info}

    @property
    def body(self) -> nn.ModuleList:
        """The layers."""
        return self.layers

    def forward_body(self, s0: Tensor, s1: Tensor) -> Iterator[Tensor]:
        """Yields the output of each layer; the first reads the stem's second feature map."""
        x = s1
        for layer in self.layers:
            if self.with_cp and self.training:
                x = cast(Tensor, checkpoint(layer, x, self.backend, use_reentrant=False))
            else:
                x = layer(x, self.backend)
            yield x

    def unused_modules(self, outputs: Iterable[int]) -> list[nn.Module]:
        """Modules that none of the given layers' outputs depends on (`Trunk`)."""
        last = max((index for index in outputs if index >= 0), default=None)
        if last is not None:
            return list(self.layers[last + 1 :])
        return [*self.stems[1:], *self.layers]


class ChainNetwork(ChainTrunk):
    """Stem, layers, global average pooling and a linear classifier.

    Args:
        chain: The layers.
        in_channels: Channels of the images.
        num_classes: Outputs of the classifier.
        stem: 'cifar' or 'imagenet'.
        backend: Name or instance of a backend (`relnas_mm.backends`).
    """

    def __init__(
        self,
        chain: "Chain",
        in_channels: int = 3,
        num_classes: int = 10,
        stem: str = "cifar",
        backend: str | Backend = "reference",
    ):
        super().__init__(chain, stem, in_channels=in_channels, backend=backend)
        self.classifier = build_classifier(self.plans[-1].outputs, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, (n, num_classes), of normalized images, (n, c, h, w)."""
        return self.classifier(self.forward_pooled(images))
