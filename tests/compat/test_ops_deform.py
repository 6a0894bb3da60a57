"""Deformable convolution and attention: against brute-force loops after mmcv's kernels."""

import numpy as np
import pytest
import torch
from op_inputs import close, gradients_hold, leaves, rand, zero_padded

ops = pytest.importorskip("mmcv.ops")
pytestmark = pytest.mark.mm

PLAIN = 1, 1, 1, 1, 1  # stride, padding, dilation, groups, groups of offsets


def brute_deform(x, offset, mask, weight, bias, stride, pad, dilation, groups, deform_groups):
    n, c, _, _ = x.shape
    out_c, in_c, kh, kw = weight.shape
    oh, ow = offset.shape[2:]
    out = torch.zeros(n, out_c, oh, ow, dtype=x.dtype)
    for b, o, p, q in np.ndindex(*out.shape):
        total = float(bias[o]) if bias is not None else 0.0
        for k, i, j in np.ndindex(in_c, kh, kw):
            ch = (o // (out_c // groups)) * in_c + k
            place = ch // (c // deform_groups) * kh * kw + i * kw + j
            y = p * stride - pad + i * dilation + float(offset[b, 2 * place, p, q])
            z = q * stride - pad + j * dilation + float(offset[b, 2 * place + 1, p, q])
            m = float(mask[b, place, p, q]) if mask is not None else 1.0
            total += float(weight[o, k, i, j]) * zero_padded(x[b, ch], y, z) * m
        out[b, o, p, q] = total
    return out


GEOMETRIES = [PLAIN, (2, 1, 1, 2, 2), (1, 2, 2, 1, 2)]


def deform_inputs(stride, pad, dilation, groups, deform_groups):
    """Input, offset, mask, weight and bias in double precision."""
    x = rand(2, 4, 5, 6, seed=1, low=-1.0, dtype=torch.float64)
    weight = rand(4, 4 // groups, 3, 3, seed=2, low=-1.0, dtype=torch.float64)
    bias = rand(4, seed=5, dtype=torch.float64)
    oh, ow = ((s + 2 * pad - 2 * dilation - 1) // stride + 1 for s in (5, 6))
    offset = rand(2, 18 * deform_groups, oh, ow, seed=3, low=-2.0, high=2.0, dtype=torch.float64)
    mask = rand(2, 9 * deform_groups, oh, ow, seed=4, dtype=torch.float64)
    return x, offset, mask, weight, bias


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_deform_conv(geometry, device):
    x, offset, _, weight, _ = deform_inputs(*geometry)
    want = brute_deform(x, offset, None, weight, None, *geometry)
    inputs = leaves(device, x, offset, weight)
    close(ops.deform_conv2d(*inputs, *geometry), want, 1e-9)
    assert gradients_hold(lambda a, o, w: ops.deform_conv2d(a, o, w, *geometry), inputs)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("with_bias", [True, False])
def test_modulated_deform_conv(with_bias, geometry, device):
    x, offset, mask, weight, bias = deform_inputs(*geometry)
    want = brute_deform(x, offset, mask, weight, bias if with_bias else None, *geometry)
    inputs = leaves(device, x, offset, mask, weight, *([bias] if with_bias else []))

    def convolve(x, offset, mask, weight, bias=None):
        return ops.modulated_deform_conv2d(x, offset, mask, weight, bias, *geometry)

    close(convolve(*inputs), want, 1e-9)
    assert gradients_hold(convolve, inputs)


def test_offsets_larger_than_the_output_are_read_as_memory(device):
    """As the high branch of mmdet's DyHead passes them."""
    x = rand(2, 2, 4, 4, seed=1, dtype=torch.float64)
    weight = rand(2, 2, 3, 3, seed=2, dtype=torch.float64)
    offset = rand(2, 18, 8, 8, seed=3, low=-1.0, dtype=torch.float64)
    mask = rand(2, 9, 8, 8, seed=4, dtype=torch.float64)
    small = [torch.stack([m.flatten()[: m.shape[0] * 16].view(-1, 4, 4) for m in maps]) for maps in (offset, mask)]
    want = brute_deform(x, *small, weight, None, *PLAIN)
    inputs = leaves(device, x, offset, mask, weight)

    def convolve(x, offset, mask, weight):
        return ops.modulated_deform_conv2d(x, offset, mask, weight, None, *PLAIN)

    close(convolve(*inputs), want, 1e-9)
    assert gradients_hold(convolve, inputs)


def test_ms_deform_attn(device):
    from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction

    shapes, starts = torch.tensor([[4, 5], [2, 3]]), torch.tensor([0, 20])
    value = rand(2, 26, 2, 3, seed=1, low=-1.0, dtype=torch.float64)
    places = rand(2, 4, 2, 2, 3, 2, seed=2, low=-0.2, high=1.2, dtype=torch.float64)
    weights = rand(2, 4, 2, 2, 3, seed=3, dtype=torch.float64)
    want = torch.zeros(2, 4, 2, 3, dtype=torch.float64)
    for b, q, m, level, p in np.ndindex(2, 4, 2, 2, 3):
        h, w = shapes[level].tolist()
        x, y = places[b, q, m, level, p].tolist()
        for c in range(3):
            plane = value[b, starts[level] : starts[level] + h * w, m, c].reshape(h, w)
            want[b, q, m, c] += weights[b, q, m, level, p] * zero_padded(plane, y * h - 0.5, x * w - 0.5)
    shapes, starts = shapes.to(device), starts.to(device)
    inputs = leaves(device, value, places, weights)

    def attend(v, p, a):
        return MultiScaleDeformableAttnFunction.apply(v, shapes, starts, p, a, 64)

    close(attend(*inputs), want.flatten(2), 1e-9)
    assert gradients_hold(attend, inputs)
