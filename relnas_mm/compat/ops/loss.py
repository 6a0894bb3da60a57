"""Sigmoid and softmax focal loss, by the formulas of mmcv's CUDA kernels (mmcv has none for the CPU)."""

import torch
from torch import Tensor

__all__ = [
    "sigmoid_focal_loss_backward",
    "sigmoid_focal_loss_forward",
    "softmax_focal_loss_backward",
    "softmax_focal_loss_forward",
]


def sigmoid_focal_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Loss of each class; with a label outside the classes every class is negative."""
    p, hit = input.sigmoid(), _one_hot(target, input)
    loss = torch.where(hit, -alpha * (1 - p) ** gamma * _log(p), -(1 - alpha) * p**gamma * _log(1 - p))
    output.copy_(loss * _class_weight(target, weight)[:, None] if weight.numel() else loss)


def sigmoid_focal_loss_backward(
    input: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Gradient of the loss with respect to the input."""
    p, hit = input.sigmoid(), _one_hot(target, input)
    positive = -alpha * (1 - p) ** gamma * (1 - p - gamma * p * _log(p))
    negative = -(1 - alpha) * p**gamma * (gamma * (1 - p) * _log(1 - p) - p)
    grad = torch.where(hit, positive, negative)
    grad_input.copy_(grad * _class_weight(target, weight)[:, None] if weight.numel() else grad)


def softmax_focal_loss_forward(
    softmax: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Loss of each sample from its probabilities; 0 for a negative label."""
    p, labelled = _chosen(softmax, target)
    loss = torch.where(labelled, -alpha * (1 - p) ** gamma * _log(p), 0)
    output.copy_(loss * _class_weight(target, weight) if weight.numel() else loss)


def softmax_focal_loss_backward(
    softmax: Tensor,
    target: Tensor,
    weight: Tensor,
    buff: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Gradient of the loss with respect to the logits."""
    p, labelled = _chosen(softmax, target)
    slope = alpha * (-((1 - p) ** gamma) + gamma * (1 - p) ** (gamma - 1) * p * _log(p))
    slope = torch.where(labelled, slope, 0)
    buff.copy_(slope * _class_weight(target, weight) if weight.numel() else slope)
    grad_input.copy_(buff[:, None] * (_one_hot(target, softmax).to(softmax.dtype) - softmax))


def _one_hot(target: Tensor, scores: Tensor) -> Tensor:
    """One-hot labels as a boolean mask, (samples, classes)."""
    return target[:, None] == torch.arange(scores.shape[1], device=scores.device)


def _log(p: Tensor) -> Tensor:
    """Logarithm with mmcv's lower bound of its argument, the smallest normal single-precision number."""
    tiny = max(torch.finfo(torch.float32).tiny, torch.finfo(p.dtype).tiny)
    return p.clamp(min=tiny).log()


def _class_weight(target: Tensor, weight: Tensor) -> Tensor:
    """Weight of each sample; 1 for labels without one (background), where mmcv reads beyond the array."""
    known = (target >= 0) & (target < len(weight))
    return torch.where(known, weight[target.clamp(0, len(weight) - 1)], 1)


def _chosen(softmax: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Probability of the label, and whether there is one."""
    return softmax.gather(1, target.clamp(min=0)[:, None])[:, 0], target >= 0
