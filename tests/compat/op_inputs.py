"""Random inputs and brute-force samples that the tests of the operators share."""

import math

import torch

SEEDS = range(4)
TINY_NONDETERMINISM = 1e-9  # CUDA adds gradients up in any order


def rand(*shape, seed=0, low=0.0, high=1.0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(*shape, generator=generator, dtype=torch.float64) * (high - low) + low).to(dtype)


def random_boxes(n, seed, size=20.0, whole=False):
    corner, extent = rand(n, 2, seed=seed, high=size), rand(n, 2, seed=seed + 100, low=1.0, high=size)
    boxes = torch.cat([corner, corner + extent], 1)
    return boxes.round() if whole else boxes


def close(a, b, tolerance=1e-5):
    assert a.shape == b.shape
    a, b = a.detach().cpu().double(), b.detach().cpu().double()
    assert torch.allclose(a, b, atol=tolerance, rtol=tolerance), (a - b).abs().max()


def leaves(device, *tensors):
    """Fresh copies on the device that ask for gradients."""
    return [tensor.to(device, copy=True).requires_grad_() for tensor in tensors]


def gradients_hold(function, inputs):
    return torch.autograd.gradcheck(function, inputs, fast_mode=True, nondet_tol=TINY_NONDETERMINISM)


def zero_padded(plane, y, x):
    """Bilinear sample of a plane, zero outside."""
    h, w = plane.shape
    if y <= -1 or y >= h or x <= -1 or x >= w:
        return 0.0
    y0, x0 = math.floor(y), math.floor(x)
    total = 0.0
    for i, wy in ((y0, 1 - (y - y0)), (y0 + 1, y - y0)):
        for j, wx in ((x0, 1 - (x - x0)), (x0 + 1, x - x0)):
            if 0 <= i < h and 0 <= j < w:
                total += wy * wx * float(plane[i, j])
    return total
