"""NMS and IoU: against brute-force loops after mmcv's kernels."""

import numpy as np
import pytest
import torch
from op_inputs import SEEDS, close, rand, random_boxes

ops = pytest.importorskip("mmcv.ops")
pytestmark = pytest.mark.mm


def iou32(a, b, offset):
    """IoU of two boxes in single precision, mmcv's order of operations."""
    a, b, one = a.numpy(), b.numpy(), np.float32(offset)
    w = max(np.float32(0), min(a[2], b[2]) - max(a[0], b[0]) + one)
    h = max(np.float32(0), min(a[3], b[3]) - max(a[1], b[1]) + one)
    area = [(c[2] - c[0] + one) * (c[3] - c[1] + one) for c in (a, b)]
    return w * h / (area[0] + area[1] - w * h)


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("seed", range(12))
def test_nms(seed, offset, device):
    n = [0, 1, 40, 80][seed % 4]
    boxes = random_boxes(n, seed, whole=seed % 3 == 0)
    scores = rand(n, seed=seed + 1)
    if seed % 2:
        scores = (scores * 4).round() / 4  # many ties
    on_device = boxes.to(device), scores.to(device)
    for threshold in (0.3, 0.5, 0.6, 0.7):
        kept = []
        for i in on_device[1].sort(0, descending=True)[1].tolist():
            if not any(iou32(boxes[k], boxes[i], offset) > np.float32(threshold) for k in kept):
                kept.append(i)
        dets, index = ops.nms(*on_device, threshold, offset=offset)
        assert index.tolist() == kept
        assert torch.equal(dets[:, :4].cpu(), boxes[kept]) and torch.equal(dets[:, 4].cpu(), scores[kept])


def test_nms_threshold_is_single_precision(device):
    boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 6.0]], device=device)  # IoU 0.6 in single
    assert len(ops.nms(boxes, torch.tensor([1.0, 0.5], device=device), 0.6)[1]) == 2


def test_batched_nms_keeps_classes_apart(device):
    boxes = torch.tensor([[0.0, 0.0, 10.0, 10.0]] * 3, device=device)
    scores, classes = torch.tensor([0.9, 0.8, 0.7]), torch.tensor([0, 0, 1])
    keep = ops.batched_nms(boxes, scores.to(device), classes.to(device), {"type": "nms", "iou_threshold": 0.5})
    assert keep[1].tolist() == [0, 2]


def brute_softnms(boxes, scores, threshold, sigma, least, method, offset):
    f = np.float32
    rows = [[*map(f, boxes[i].tolist()), f(scores[i]), i] for i in range(len(boxes))]
    i = 0
    while i < len(rows):
        best = max(range(i, len(rows)), key=lambda j: (rows[j][4], -j))
        rows[i], rows[best] = rows[best], rows[i]
        pos = i + 1
        while pos < len(rows):
            iou = iou32(torch.tensor(rows[i][:4]), torch.tensor(rows[pos][:4]), offset)
            weight = f(1)
            if method == 2:
                weight = f(np.exp(-(iou * iou) / f(sigma)))
            elif iou >= f(threshold):
                weight = f(1) - iou if method == 1 else f(0)
            rows[pos][4] = rows[pos][4] * weight
            if rows[pos][4] < f(least):
                last = rows.pop()
                if pos < len(rows):
                    rows[pos] = last
                pos -= 1
            pos += 1
        i += 1
    return torch.tensor([r[:5] for r in rows]).reshape(-1, 5), [r[5] for r in rows]


@pytest.mark.parametrize("method", ["naive", "linear", "gaussian"])
@pytest.mark.parametrize("seed", SEEDS)
def test_soft_nms(seed, method, device):
    n = [0, 1, 25, 40][seed % 4]
    boxes, scores = random_boxes(n, seed), rand(n, seed=seed + 1)
    if seed == 3:
        scores = (scores * 5).round() / 5
    for offset in (0, 1):
        code = {"naive": 0, "linear": 1, "gaussian": 2}[method]
        want, index = brute_softnms(boxes, scores, 0.3, 0.5, 0.05, code, offset)
        dets, got = ops.soft_nms(boxes.to(device), scores.to(device), 0.3, 0.5, 0.05, method, offset)
        assert got.tolist() == index
        close(dets, want, 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_nms_match(seed, device):
    n = [1, 2, 30, 50][seed]
    dets = torch.cat([random_boxes(n, seed, whole=True), (rand(n, 1, seed=seed) * 5).round() / 5], 1)
    # mmcv copies to the CPU first, whose sort decides among equal scores.
    order, groups, gone = dets[:, 4].sort(0, descending=True)[1].tolist(), [], set()
    for place, i in enumerate(order):
        if i in gone:
            continue
        threshold = np.float32(0.4)
        hit = [j for j in order[place + 1 :] if j not in gone and iou32(dets[i], dets[j], 0) >= threshold]
        gone.update(hit)
        groups.append([i, *hit])
    assert [g.tolist() for g in ops.nms_match(dets.to(device), 0.4)] == groups
    assert ops.nms_match(torch.zeros(0, 5), 0.4) == []


@pytest.mark.parametrize("mode", ["iou", "iof"])
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("offset", [0, 1])
def test_bbox_overlaps(mode, aligned, offset, device):
    a, b = random_boxes(7, 1), random_boxes(7 if aligned else 5, 2)
    got = ops.bbox_overlaps(a.to(device), b.to(device), mode, aligned, offset)

    def one(p, q):
        if mode == "iou":
            return float(iou32(p, q, offset))
        w = max(0, min(p[2], q[2]) - max(p[0], q[0]) + offset)
        h = max(0, min(p[3], q[3]) - max(p[1], q[1]) + offset)
        return float(w * h / ((p[2] - p[0] + offset) * (p[3] - p[1] + offset)))

    want = [one(p, q) for p, q in zip(a, b)] if aligned else [[one(p, q) for q in b] for p in a]
    close(got, torch.tensor(want), 1e-6)
    assert ops.bbox_overlaps(torch.zeros(0, 4), b, mode, False, offset).shape == (0, len(b))
