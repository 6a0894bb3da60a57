"""nms, softnms, nms_match and bbox_overlaps."""

import numpy as np
import torch
import torchvision

__all__ = ["bbox_overlaps", "nms", "nms_match", "softnms"]


def _single(value):
    """A threshold as mmcv sees it: rounded to single precision."""
    return float(np.float32(value))


def nms(boxes, scores, iou_threshold, offset=0):
    """Returns the kept indices by falling score.  mmcv's own (unstable) sort decides between equal scores."""
    order = scores.sort(0, descending=True)[1]
    if boxes.numel() == 0:
        return order
    if offset:
        return order[_suppress(boxes[order], _single(iou_threshold), offset)]
    ranked = boxes[order].float() if boxes.dtype != torch.float64 else boxes[order]
    ranks = torch.arange(len(order), 0, -1, device=boxes.device, dtype=ranked.dtype)  # no ties
    return order[torchvision.ops.nms(ranked, ranks, _single(iou_threshold))]


def _ious(areas, corners, i, offset):
    """IoU of box i with the boxes after it, in mmcv's order of operations (NumPy, single precision)."""
    x1, y1, x2, y2 = corners
    w = np.maximum(0, np.minimum(x2[i], x2[i + 1 :]) - np.maximum(x1[i], x1[i + 1 :]) + offset)
    h = np.maximum(0, np.minimum(y2[i], y2[i + 1 :]) - np.maximum(y1[i], y1[i + 1 :]) + offset)
    inter = w * h
    with np.errstate(invalid="ignore", divide="ignore"):
        return inter / (areas[i] + areas[i + 1 :] - inter)


def _corners(boxes, offset):
    corners = boxes.detach().float().cpu().numpy()[:, :4].T.copy()
    offset = np.float32(offset)
    return corners, (corners[2] - corners[0] + offset) * (corners[3] - corners[1] + offset), offset


def _suppress(boxes, threshold, offset):
    """Kept positions among boxes sorted by score; the rare offset 1, which torchvision does not have."""
    corners, areas, offset = _corners(boxes, offset)
    alive = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~(_ious(areas, corners, i, offset) > np.float32(threshold))
    return torch.from_numpy(alive.nonzero()[0]).to(boxes.device)


def softnms(boxes, scores, dets, iou_threshold, sigma, min_score, method, offset):
    """Fills `dets` (n, 5), returns the n kept indices.  method 0 naive, 1 linear, 2 gaussian; on the CPU."""
    corners, areas, offset = _corners(boxes, offset)
    table = np.vstack([corners, areas, scores.detach().float().numpy()])  # x1 y1 x2 y2 area score
    index = np.arange(table.shape[1])
    threshold, sigma, min_score = np.float32(iou_threshold), np.float32(sigma), np.float32(min_score)
    i = 0
    while i < table.shape[1]:
        best = i + int(table[5, i:].argmax())
        table[:, [i, best]], index[[i, best]] = table[:, [best, i]], index[[best, i]]
        iou = _ious(table[4], table[:4], i, offset)
        if method == 2:
            table[5, i + 1 :] *= np.exp(-(iou * iou) / sigma)
        else:
            table[5, i + 1 :] *= np.where(iou >= threshold, 1 - iou if method == 1 else 0, 1).astype(
                np.float32
            )
        # mmcv fills each gap with the last survivor; the order decides between equal scores later
        drop = np.concatenate([np.zeros(i + 1, bool), table[5, i + 1 :] < min_score])
        size = int((~drop).sum())
        gaps, tail = drop[:size].nonzero()[0], size + (~drop[size:]).nonzero()[0][::-1]
        table[:, gaps], index[gaps] = table[:, tail], index[tail]
        table, index = table[:, :size], index[:size]
        i += 1
    dets[: len(index)] = torch.from_numpy(table[[0, 1, 2, 3, 5]].T.copy())
    return torch.from_numpy(index)


def nms_match(dets, iou_threshold):
    """Returns groups of indices: each kept box, then those that it suppresses (IoU >= threshold)."""
    order = dets[:, 4].sort(0, descending=True)[1].cpu().numpy()
    corners, areas, offset = _corners(dets[torch.from_numpy(order).to(dets.device)], 0)
    alive, groups = np.ones(len(order), bool), []
    for i in range(len(order)):
        if alive[i]:
            hit = alive[i + 1 :] & (_ious(areas, corners, i, offset) >= np.float32(iou_threshold))
            alive[i + 1 :] &= ~hit
            groups.append([int(order[i]), *order[i + 1 :][hit].tolist()])
    return groups


def bbox_overlaps(boxes1, boxes2, ious, mode=0, aligned=False, offset=0):
    """Fills `ious` with IoU (mode 0) or intersection over the first box (mode 1), all pairs or aligned ones."""
    a, b = (boxes1, boxes2) if aligned else (boxes1[:, None], boxes2[None])
    size = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2]) + offset).clamp(
        min=0
    )
    inter = size[..., 0] * size[..., 1]
    base = (a[..., 2] - a[..., 0] + offset) * (a[..., 3] - a[..., 1] + offset)
    if mode == 0:
        base = base + (b[..., 2] - b[..., 0] + offset) * (b[..., 3] - b[..., 1] + offset) - inter
    if boxes1.is_cuda:  # only mmcv's CUDA kernel has this floor
        base = base.clamp(min=offset)
    ious.copy_(inter / base)
