"""Mixed operations of DARTS: the weighted sum of all candidate operations of an edge."""

from functools import partial

import torch
from torch import Tensor, nn

from relnas_mm.errors import UserError
from relnas_mm.networks import CellPlan, Norm, Sampling, build_operation, build_preprocessing

CANDIDATES = (
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""The operations of DARTS, in its order."""

NODES = 4
EDGES = sum(2 + node for node in range(NODES))

search_norm: Norm = partial(nn.BatchNorm2d, eps=1e-5, momentum=0.1, affine=False)
"""Not affine: a learned scale could compensate the mixing weight of a candidate."""


class Mixture(nn.Module):
    """Weighted sum of all candidate operations on one edge; pooling is followed by batch normalization.

    Args:
        channels: Number of input and output channels.
        sampling: Stride of the edge.
        portion: Divisor of the channels: `channels / portion` channels pass through the candidates, the others bypass
            them, and the result is shuffled (PC-DARTS, Xu et al., ICLR 2020, without its edge normalization).  1 is
            DARTS.
    """

    def __init__(self, channels: int, sampling: Sampling, portion: int = 1):
        super().__init__()
        if portion < 1 or channels % portion:
            raise UserError(f"portion is {portion!r}; it must divide the {channels} channels of a node")
        self.portion, self.step = portion, sampling.step
        self.candidates = nn.ModuleList(_candidate(name, channels // portion, sampling) for name in CANDIDATES)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """Runs the edge.

        Args:
            x: Shape (n, c, h, w).
            weights: Mixing weights of the candidates, shape (8,).
        """
        mixed = x if self.portion == 1 else x[:, : x.shape[1] // self.portion]
        # `none` contributes zeros, but its weight still lowers the others in the softmax.
        result = torch.stack([w * op(mixed) for w, op in zip(weights[1:], list(self.candidates)[1:])]).sum(0)
        if self.portion == 1:
            return result
        rest = x[:, x.shape[1] // self.portion :]
        if self.step > 1:
            rest = nn.functional.max_pool2d(rest, 2, 2, ceil_mode=True)
        n, c, h, w = x.shape[0], x.shape[1], *result.shape[2:]
        return (
            torch.cat([result, rest], 1)
            .view(n, self.portion, c // self.portion, h, w)
            .transpose(1, 2)
            .reshape(n, c, h, w)
        )


class MixedCell(nn.Module):
    """A cell with a mixture on each of its 14 edges, ordered by target node."""

    def __init__(self, plan: CellPlan, portion: int = 1):
        super().__init__()
        self.preprocess0, self.preprocess1 = build_preprocessing(plan, search_norm)
        self.edges = nn.ModuleList(
            Mixture(plan.channels, plan.sampling_of(source), portion)
            for node in range(NODES)
            for source in range(2 + node)
        )

    def forward(self, s0: Tensor, s1: Tensor, weights: Tensor) -> Tensor:
        """Runs the cell.

        Args:
            s0: Output of the cell before the previous one.
            s1: Output of the previous cell.
            weights: Mixing weights of each edge, shape (14, 8).
        """
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        edges = iter(zip(self.edges, weights))
        for _ in range(NODES):
            states.append(torch.stack([edge(state, row) for state, (edge, row) in zip(list(states), edges)]).sum(0))
        return torch.cat(states[2:], dim=1)


def _candidate(name: str, channels: int, sampling: Sampling) -> nn.Module:
    operation = build_operation(name, channels, sampling, search_norm)
    return nn.Sequential(operation, search_norm(channels)) if "pool" in name else operation
