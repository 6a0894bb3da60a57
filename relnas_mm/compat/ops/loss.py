"""Sigmoid and softmax focal loss, by the formulas of mmcv's CUDA kernels (it has none for the CPU)."""

import torch

__all__ = [
    "sigmoid_focal_loss_backward",
    "sigmoid_focal_loss_forward",
    "softmax_focal_loss_backward",
    "softmax_focal_loss_forward",
]


def _log(p):
    """log, bounded below where mmcv bounds it: at the smallest normal single-precision number."""
    tiny = max(torch.finfo(torch.float32).tiny, torch.finfo(p.dtype).tiny)
    return p.clamp(min=tiny).log()


def _class_weight(target, weight):
    """Per-sample weight; 1 for labels without one (background), where mmcv reads beyond the array."""
    known = (target >= 0) & (target < len(weight))
    return torch.where(known, weight[target.clamp(0, len(weight) - 1)], 1)


def sigmoid_focal_loss_forward(input, target, weight, output, gamma, alpha):
    """Loss of each class; a label outside the classes makes every class negative."""
    p = input.sigmoid()
    hit = target[:, None] == torch.arange(input.shape[1], device=input.device)
    loss = torch.where(hit, -alpha * (1 - p) ** gamma * _log(p), -(1 - alpha) * p**gamma * _log(1 - p))
    output.copy_(loss * _class_weight(target, weight)[:, None] if weight.numel() else loss)


def sigmoid_focal_loss_backward(input, target, weight, grad_input, gamma, alpha):
    """Derivative of the loss by the input."""
    p = input.sigmoid()
    hit = target[:, None] == torch.arange(input.shape[1], device=input.device)
    grad = torch.where(
        hit,
        -alpha * (1 - p) ** gamma * (1 - p - gamma * p * _log(p)),
        -(1 - alpha) * p**gamma * (gamma * (1 - p) * _log(1 - p) - p),
    )
    grad_input.copy_(grad * _class_weight(target, weight)[:, None] if weight.numel() else grad)


def _chosen(softmax, target):
    """Probability of the label, and whether there is one."""
    return softmax.gather(1, target.clamp(min=0)[:, None])[:, 0], target >= 0


def softmax_focal_loss_forward(softmax, target, weight, output, gamma, alpha):
    """Loss of each sample from its probabilities; 0 for a negative label."""
    p, labelled = _chosen(softmax, target)
    loss = torch.where(labelled, -alpha * (1 - p) ** gamma * _log(p), 0)
    output.copy_(loss * _class_weight(target, weight) if weight.numel() else loss)


def softmax_focal_loss_backward(softmax, target, weight, buff, grad_input, gamma, alpha):
    """Derivative by the scores before the softmax."""
    p, labelled = _chosen(softmax, target)
    slope = alpha * (-((1 - p) ** gamma) + gamma * (1 - p) ** (gamma - 1) * p * _log(p))
    slope = torch.where(labelled, slope, 0)
    buff.copy_(slope * _class_weight(target, weight) if weight.numel() else slope)
    hit = target[:, None] == torch.arange(softmax.shape[1], device=softmax.device)
    grad_input.copy_(buff[:, None] * (hit.to(softmax.dtype) - softmax))
