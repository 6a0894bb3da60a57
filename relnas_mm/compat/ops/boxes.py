"""Non-maximum suppression (plain, soft, and with groups) and box overlaps.

Boxes are (n, 4) as left, top, right, bottom in pixels.  `offset` is 0, or 1 for boxes that include their last pixel.
"""

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["bbox_overlaps", "nms", "nms_match", "softnms"]

Floats = NDArray[np.float32]

NAIVE, LINEAR, GAUSSIAN = range(3)


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Returns the kept indices by descending score; ties are ordered by mmcv's own (unstable) sort."""
    order = scores.sort(0, descending=True)[1]
    if boxes.numel() == 0:
        return order
    threshold = float(np.float32(iou_threshold))  # mmcv compares in single precision
    if offset:
        return order[_suppress(boxes[order], threshold, offset)]
    ranked = boxes[order] if boxes.dtype == torch.float64 else boxes[order].float()
    ranks = torch.arange(len(order), 0, -1, device=boxes.device, dtype=ranked.dtype)  # no ties
    return order[torchvision.ops.nms(ranked, ranks, threshold)]


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Fills `dets` (n, 5), returns the n kept indices; on the CPU.  Method: 0 naive, 1 linear, 2 gaussian."""
    corners, areas = _corners(boxes, offset)
    table = np.vstack([corners, areas, scores.detach().float().numpy()])  # x1 y1 x2 y2 area score
    index = np.arange(table.shape[1])
    threshold, width, least = np.float32(iou_threshold), np.float32(sigma), np.float32(min_score)
    i = 0
    while i < table.shape[1]:
        best = i + int(table[5, i:].argmax())
        table[:, [i, best]], index[[i, best]] = table[:, [best, i]], index[[best, i]]
        iou = _ious(table[4], table[:4], i, offset)
        if method == GAUSSIAN:
            table[5, i + 1 :] *= np.exp(-(iou * iou) / width)
        else:
            weight = 1 - iou if method == LINEAR else np.zeros_like(iou)
            table[5, i + 1 :] *= np.where(iou >= threshold, weight, np.float32(1))
        # mmcv fills each gap with the last remaining box, and this order breaks later ties
        drop = np.concatenate([np.zeros(i + 1, bool), table[5, i + 1 :] < least])
        size = int((~drop).sum())
        gaps, tail = drop[:size].nonzero()[0], size + (~drop[size:]).nonzero()[0][::-1]
        table[:, gaps], index[gaps] = table[:, tail], index[tail]
        table, index = table[:, :size], index[:size]
        i += 1
    dets[: len(index)] = torch.from_numpy(table[[0, 1, 2, 3, 5]].T.copy())
    return torch.from_numpy(index)


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    """Returns groups of indices: each kept box, followed by those that it suppresses (IoU >= threshold)."""
    order = dets[:, 4].sort(0, descending=True)[1]
    corners, areas = _corners(dets[order], 0)
    index = order.cpu().numpy()
    alive, groups = np.ones(len(index), bool), []
    for i in range(len(index)):
        if alive[i]:
            hit = alive[i + 1 :] & (_ious(areas, corners, i, 0) >= np.float32(iou_threshold))
            alive[i + 1 :] &= ~hit
            groups.append([int(index[i]), *index[i + 1 :][hit].tolist()])
    return groups


def bbox_overlaps(
    boxes1: Tensor, boxes2: Tensor, ious: Tensor, mode: int = 0, aligned: bool = False, offset: int = 0
) -> None:
    """Fills `ious` with IoU (mode 0) or intersection over the first box (mode 1), of all or of aligned pairs."""
    a, b = (boxes1, boxes2) if aligned else (boxes1[:, None], boxes2[None])
    size = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    inter = (size + offset).clamp(min=0).prod(-1)
    base = (a[..., 2:] - a[..., :2] + offset).prod(-1)
    if mode == 0:
        base = base + (b[..., 2:] - b[..., :2] + offset).prod(-1) - inter
    if boxes1.is_cuda:  # only mmcv's CUDA kernel has this lower bound
        base = base.clamp(min=offset)
    ious.copy_(inter / base)


def _corners(boxes: Tensor, offset: int) -> tuple[Floats, Floats]:
    """Coordinates, (4, n), and areas, (n,), in single precision as in mmcv."""
    corners = boxes.detach().float().cpu().numpy()[:, :4].T.copy()
    one = np.float32(offset)
    return corners, (corners[2] - corners[0] + one) * (corners[3] - corners[1] + one)


def _ious(areas: Floats, corners: Floats, i: int, offset: int) -> Floats:
    """IoU of box i with the boxes after it, in mmcv's order of operations."""
    x1, y1, x2, y2 = corners
    one = np.float32(offset)
    w = np.maximum(0, np.minimum(x2[i], x2[i + 1 :]) - np.maximum(x1[i], x1[i + 1 :]) + one)
    h = np.maximum(0, np.minimum(y2[i], y2[i + 1 :]) - np.maximum(y1[i], y1[i + 1 :]) + one)
    inter = w * h
    with np.errstate(invalid="ignore", divide="ignore"):
        return inter / (areas[i] + areas[i + 1 :] - inter)


def _suppress(boxes: Tensor, threshold: float, offset: int) -> Tensor:
    """Kept indices of boxes sorted by score, for offset 1, which torchvision does not support."""
    corners, areas = _corners(boxes, offset)
    alive = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~(_ious(areas, corners, i, offset) > np.float32(threshold))
    return torch.from_numpy(alive.nonzero()[0]).to(boxes.device)
