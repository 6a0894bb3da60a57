"""The auxiliary classifier of DARTS."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN, WIDE = 128, 768


class AuxiliaryHead(nn.Module):
    """Two convolutions and a linear classifier on the output of the second reduction cell.

    As in the reference implementation, the ImageNet head pools with stride 2 and lacks the second normalization.  Its
    pooling yields 2x2 pixels only for 7x7 (ImageNet) or 8x8 (CIFAR) inputs; other sizes are pooled adaptively.

    Args:
        channels: Input channels.
        num_classes: Number of classes.
        stem: Variant of the head, 'cifar' or 'imagenet'.
    """

    def __init__(self, channels: int, num_classes: int, stem: str):
        super().__init__()
        cifar = stem == "cifar"
        layers: list[nn.Module] = [
            nn.ReLU(),
            PoolToFour(stride=3 if cifar else 2),
            nn.Conv2d(channels, HIDDEN, 1, bias=False),
            nn.BatchNorm2d(HIDDEN),
            nn.ReLU(inplace=True),
            nn.Conv2d(HIDDEN, WIDE, 2, bias=False),
            *([nn.BatchNorm2d(WIDE)] if cifar else []),
            nn.ReLU(inplace=True),
        ]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(WIDE, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (n, num_classes), of a feature map, (n, channels, h, w)."""
        return self.classifier(torch.flatten(self.features(x), 1))


class PoolToFour(nn.Module):
    """Average pooling to 2x2 pixels, by 5x5 windows if these fit, else adaptive."""

    def __init__(self, stride: int):
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Pools a feature map, (n, c, h, w), to (n, c, 2, 2)."""
        if all((side - 5) // self.stride == 1 for side in x.shape[2:]):
            return F.avg_pool2d(x, 5, self.stride, count_include_pad=False)
        return F.adaptive_avg_pool2d(x, 2)
