"""Networks that score encoded architectures."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LeNetRanker(nn.Module):
    """ReNAS' predictor, a LeNet-5 without pooling: two convolutions and three linear layers.

    It has 813,615 parameters for inputs of 19 x 7 x 7.

    Args:
        shape: Channels, height and width of the inputs.
    """

    def __init__(self, shape: Sequence[int]):
        super().__init__()
        channels, height, width = shape
        self.conv1 = nn.Conv2d(channels, 2 * channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(2 * channels)
        self.conv2 = nn.Conv2d(2 * channels, 128, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(128)
        self.fc1 = nn.Linear(128 * height * width, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 1)

    def features(self, inputs: Tensor) -> Tensor:
        """Inputs of the last layer, (n, 84)."""
        maps = F.relu(self.bn1(self.conv1(inputs)))
        maps = F.relu(self.bn2(self.conv2(maps)))
        return F.relu(self.fc2(F.relu(self.fc1(torch.flatten(maps, 1)))))

    def forward(self, inputs: Tensor) -> Tensor:
        """Scores, (1, n), of tensors, (n, channels, height, width)."""
        return self.fc3(self.features(inputs)).T


class Ensemble(nn.Module):
    """Ensemble of MLPs with two hidden layers, computed in one batch; each member reads one view of the features.

    Args:
        views: Sizes of the views, which partition the features; member k reads view `k % len(views)`.
        members: Number of MLPs.
        hidden: Width of the hidden layers.
    """

    def __init__(self, views: Sequence[int], members: int, hidden: int):
        super().__init__()
        features = sum(views)
        mask = torch.zeros(members, 1, features)
        starts = [sum(views[:index]) for index in range(len(views))]
        for member in range(members):
            start, size = starts[member % len(views)], views[member % len(views)]
            mask[member, :, start : start + size] = 1
        self.mask: Tensor
        self.register_buffer("mask", mask, persistent=False)
        widths = (features, hidden, hidden, 1)
        fan_ins = [mask.sum(dim=2, keepdim=True), *(torch.full((members, 1, 1), float(hidden)) for _ in range(2))]
        self.weights = nn.ParameterList(
            (torch.rand(members, width, out) * 2 - 1) / fan_in.sqrt()
            for width, out, fan_in in zip(widths, widths[1:], fan_ins)
        )
        self.biases = nn.ParameterList(torch.zeros(members, 1, out) for out in widths[1:])

    def forward(self, inputs: Tensor) -> Tensor:
        """Scores, (members, n), of features, (n, features)."""
        hidden = inputs * self.mask
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            hidden = torch.baddbmm(bias, F.silu(hidden) if layer else hidden, weight)
        return hidden[..., 0]
