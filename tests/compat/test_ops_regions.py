"""RoIAlign, RoIPool, deformable pooling: against brute-force loops after mmcv's kernels."""

import math

import pytest
import torch
from op_inputs import SEEDS, close, gradients_hold, leaves, rand, random_boxes

ops = pytest.importorskip("mmcv.ops")
pytestmark = pytest.mark.mm


def bilinear(plane, y, x):
    """Bilinear sample of a plane whose border reaches one pixel further."""
    h, w = plane.shape
    if y < -1 or y > h or x < -1 or x > w:
        return 0.0
    y, x = max(y, 0.0), max(x, 0.0)
    y0, x0 = int(y), int(x)
    y1, x1 = y0 + 1, x0 + 1
    if y0 >= h - 1:
        y0 = y1 = h - 1
        y = float(y0)
    if x0 >= w - 1:
        x0 = x1 = w - 1
        x = float(x0)
    v, u = y - y0, x - x0
    top = (1 - u) * plane[y0, x0] + u * plane[y0, x1]
    bottom = (1 - u) * plane[y1, x0] + u * plane[y1, x1]
    return float((1 - v) * top + v * bottom)


def brute_align(feature, rois, size, scale, ratio, mode, aligned, offset=None, gamma=0.1):
    out = torch.zeros(len(rois), feature.shape[1], *size, dtype=feature.dtype)
    for n, roi in enumerate(rois.tolist()):
        shift = 0.5 if aligned else 0.0
        left, top, right, bottom = (v * scale - shift for v in roi[1:])
        w, h = right - left, bottom - top
        if not aligned:
            w, h = max(w, 1.0), max(h, 1.0)
        step_h, step_w = h / size[0], w / size[1]
        grid_h = ratio or math.ceil(step_h)
        grid_w = ratio or math.ceil(step_w)
        for c in range(feature.shape[1]):
            for p in range(size[0]):
                for q in range(size[1]):
                    dx = gamma * w * float(offset[n, 0, p, q]) if offset is not None else 0.0
                    dy = gamma * h * float(offset[n, 1, p, q]) if offset is not None else 0.0
                    ys = [top + dy + p * step_h + (i + 0.5) * step_h / grid_h for i in range(grid_h)]
                    xs = [left + dx + q * step_w + (j + 0.5) * step_w / grid_w for j in range(grid_w)]
                    values = [bilinear(feature[int(roi[0]), c], y, x) for y in ys for x in xs]
                    if mode == "avg":
                        out[n, c, p, q] = sum(values) / max(len(values), 1)
                    else:
                        out[n, c, p, q] = max(values) if values else -10000
    return out


def random_rois(n, seed, size=16.0, dtype=torch.float32):
    boxes = random_boxes(n, seed, size).to(dtype) - 2
    return torch.cat([(rand(n, 1, seed=seed) * 1.99).floor().to(dtype), boxes], 1)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [0, 2])
def test_roi_align(mode, aligned, ratio, device):
    feature = rand(2, 3, 7, 9, seed=1, low=-1.0, dtype=torch.float64)
    rois = random_rois(5, 3, dtype=torch.float64)
    want = brute_align(feature, rois, (3, 2), 0.5, ratio, mode, aligned)
    rois = rois.to(device)
    (leaf,) = leaves(device, feature)
    close(ops.roi_align(leaf, rois, (3, 2), 0.5, ratio, mode, aligned), want, 1e-9)
    assert gradients_hold(lambda f: ops.roi_align(f, rois, (3, 2), 0.5, ratio, mode, aligned), leaf)
    assert ops.roi_align(leaf, rois[:0], (3, 2), 0.5, ratio, mode, aligned).shape == (0, 3, 3, 2)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.half])
def test_roi_align_in_low_precision(dtype, device):
    feature, rois = rand(2, 3, 7, 9, seed=1).to(device), random_rois(4, 3).to(device)
    want = ops.roi_align(feature, rois, (2, 2), 0.5, 2, "avg", True)
    (low,) = leaves(device, feature.to(dtype))
    out = ops.roi_align(low, rois.to(dtype), (2, 2), 0.5, 2, "avg", True)
    out.sum().backward()
    assert out.dtype == low.grad.dtype == dtype
    close(out, want, 0.1)


def test_roi_align_without_rois_has_a_zero_gradient(device):
    (feature,) = leaves(device, rand(2, 3, 7, 9, seed=1))
    ops.roi_align(feature, random_rois(4, 3)[:0].to(device), (2, 2), 0.5, 2, "avg", True).sum().backward()
    assert not feature.grad.any()


@pytest.mark.parametrize("seed", SEEDS)
def test_roi_pool(seed, device):
    feature = rand(2, 3, 7, 9, seed=seed, low=-1.0, dtype=torch.float64)
    rois = random_rois(6, seed, dtype=torch.float64)
    rois[0, 3:] = rois[0, 1:3] - 5  # malformed
    scale, (rows, columns) = 0.5, (3, 2)
    want = torch.zeros(6, 3, rows, columns, dtype=torch.float64)
    for n, roi in enumerate(rois.tolist()):
        left, top, right, bottom = roi[1] * scale, roi[2] * scale, (roi[3] + 1) * scale, (roi[4] + 1) * scale
        if right <= left or bottom <= top:
            continue
        for p in range(rows):
            for q in range(columns):
                y0 = min(max(math.floor(p * (bottom - top) / rows + top), 0), 7)
                y1 = min(max(math.ceil((p + 1) * (bottom - top) / rows + top), 0), 7)
                x0 = min(max(math.floor(q * (right - left) / columns + left), 0), 9)
                x1 = min(max(math.ceil((q + 1) * (right - left) / columns + left), 0), 9)
                if y1 > y0 and x1 > x0:
                    want[n, :, p, q] = feature[int(roi[0]), :, y0:y1, x0:x1].amax((1, 2))
    rois = rois.to(device)
    (leaf,) = leaves(device, feature)
    close(ops.roi_pool(leaf, rois, (rows, columns), scale), want, 1e-12)
    assert gradients_hold(lambda f: ops.roi_pool(f, rois, (rows, columns), scale), leaf)
    assert ops.roi_pool(leaf, rois[:0], (rows, columns), scale).shape == (0, 3, rows, columns)


@pytest.mark.parametrize("ratio", [0, 2])
def test_deform_roi_pool(ratio, device):
    feature = rand(2, 2, 9, 9, seed=1, dtype=torch.float64)
    rois = torch.tensor([[0, 4.0, 4.0, 12.0, 13.0], [1, 3.0, 2.0, 10.0, 9.0]], dtype=torch.float64)
    offset = rand(2, 2, 2, 2, seed=2, low=-0.5, high=0.5, dtype=torch.float64)
    want = brute_align(feature, rois, (2, 2), 0.5, ratio, "avg", True, offset)
    plain = brute_align(feature, rois, (2, 2), 0.5, ratio, "avg", True)
    rois = rois.to(device)
    inputs = leaves(device, feature, offset)
    close(ops.deform_roi_pool(inputs[0], rois, inputs[1], (2, 2), 0.5, ratio, 0.1), want, 1e-9)
    close(ops.deform_roi_pool(inputs[0], rois, None, (2, 2), 0.5, ratio, 0.1), plain, 1e-9)

    def pool(f, o):
        return ops.deform_roi_pool(f, rois, o, (2, 2), 0.5, ratio, 0.1)

    assert gradients_hold(pool, inputs)
