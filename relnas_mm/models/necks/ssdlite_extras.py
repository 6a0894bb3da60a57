"""The extra feature layers of SSDLite."""

from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import Tensor, nn
from torchvision.models.mobilenetv2 import InvertedResidual

from relnas_mm.errors import UserError


@MODELS.register_module()
class SSDLiteExtras(BaseModule):
    """Appends feature maps by inverted residuals of stride 2.

    As in the reference implementation, each consists of a 1x1 convolution to `round(ratio * channels)`, a depthwise 3x3
    convolution of stride 2 and a 1x1 convolution, with batch normalization after each, ReLU6 after the first two, no
    biases, and PyTorch's default initialization.

    Args:
        in_channels: Channels of the backbone's outputs, fine to coarse.
        out_channels: Channels of each extra feature map.
        ratios: Expansion ratio of each inverted residual, positive.
        init_cfg: As for any mm module.

    Raises:
        UserError: `out_channels` and `ratios` differ in length, or a ratio is not positive.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: Sequence[int] = (512, 256, 256, 64),
        ratios: Sequence[float] = (0.2, 0.25, 0.5, 0.25),
        init_cfg: "dict[str, Any] | list[dict[str, Any]] | None" = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if len(ratios) != len(out_channels) or min(ratios, default=1) <= 0:
            raise UserError(
                f"ratios is {tuple(ratios)}; it must list a positive number for each of the out_channels "
                f"{tuple(out_channels)}"
            )
        widths = [in_channels[-1], *out_channels]
        self.layers = nn.ModuleList(
            InvertedResidual(width, next_width, stride=2, expand_ratio=ratio)  # type: ignore[arg-type]  # may be below 1
            for width, next_width, ratio in zip(widths, widths[1:], ratios)
        )

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Appends the extra feature maps.

        Args:
            inputs: Outputs of the backbone, (n, in_channels[i], h_i, w_i), fine to coarse.

        Returns:
            `inputs`, followed by feature maps of (n, out_channels[j], ceil(h / 2), ceil(w / 2)), where h and w are the
            previous one's.
        """
        features = list(inputs)
        for layer in self.layers:
            features.append(layer(features[-1]))
        return tuple(features)
