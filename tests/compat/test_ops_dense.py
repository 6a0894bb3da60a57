"""Losses, CARAFE, PSAMask, masked convolution, MMSyncBN: against brute-force loops after mmcv's kernels."""

import math

import numpy as np
import pytest
import torch
from op_inputs import SEEDS, close, gradients_hold, leaves, rand

ops = pytest.importorskip("mmcv.ops")
pytestmark = pytest.mark.mm

GAMMA, ALPHA = 2.0, 0.25


def focal_inputs(weighted):
    scores = rand(6, 4, seed=1, low=-4.0, high=4.0, dtype=torch.float64)
    return scores, rand(4, seed=2, dtype=torch.float64) if weighted else None


def on(device, weight):
    return None if weight is None else weight.to(device)


@pytest.mark.parametrize("weighted", [False, True])
def test_sigmoid_focal_loss(weighted, device):
    scores, weight = focal_inputs(weighted)
    target = torch.tensor([0, 1, 2, 3, 3, 4])  # 4: background
    want = torch.zeros_like(scores)
    for i, j in np.ndindex(*scores.shape):
        p = 1 / (1 + math.exp(-scores[i, j]))
        if int(target[i]) == j:
            want[i, j] = -ALPHA * (1 - p) ** GAMMA * math.log(p)
        else:
            want[i, j] = -(1 - ALPHA) * p**GAMMA * math.log(1 - p)
        if weight is not None and target[i] < 4:
            want[i, j] *= weight[target[i]]
    target, weight = target.to(device), on(device, weight)
    (leaf,) = leaves(device, scores)
    close(ops.sigmoid_focal_loss(leaf, target, GAMMA, ALPHA, weight, "none"), want, 1e-12)
    close(ops.sigmoid_focal_loss(leaf, target, GAMMA, ALPHA, weight, "mean"), want.sum() / 6, 1e-12)
    assert gradients_hold(lambda s: ops.sigmoid_focal_loss(s, target, GAMMA, ALPHA, weight, "sum"), leaf)


@pytest.mark.parametrize("weighted", [False, True])
def test_softmax_focal_loss(weighted, device):
    scores, weight = focal_inputs(weighted)
    target = torch.tensor([0, 1, 2, 3, 3, -1])
    p = torch.softmax(scores, 1)
    want = torch.zeros(6, dtype=torch.float64)
    for i in range(5):
        q = float(p[i, target[i]])
        factor = 1.0 if weight is None else float(weight[target[i]])
        want[i] = -ALPHA * (1 - q) ** GAMMA * math.log(q) * factor
    target, weight = target.to(device), on(device, weight)
    (leaf,) = leaves(device, scores)
    close(ops.softmax_focal_loss(leaf, target, GAMMA, ALPHA, weight, "none"), want, 1e-12)
    assert gradients_hold(lambda s: ops.softmax_focal_loss(s, target, GAMMA, ALPHA, weight, "sum"), leaf)


def test_focal_loss_far_out_and_empty(device):
    (scores,) = leaves(device, torch.tensor([[-200.0, 200.0], [200.0, -200.0]]))
    loss = ops.sigmoid_focal_loss(scores, torch.tensor([0, 0], device=device), GAMMA, ALPHA, None, "sum")
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(scores.grad).all()
    nothing = torch.zeros(0, 3, device=device), torch.zeros(0, dtype=torch.long, device=device)
    for function in (ops.sigmoid_focal_loss, ops.softmax_focal_loss):
        assert function(*nothing, GAMMA, ALPHA, None, "none").numel() == 0


@pytest.mark.parametrize("kernel,group,scale", [(3, 1, 2), (5, 2, 2), (3, 2, 1)])
def test_carafe(kernel, group, scale, device):
    x = rand(2, 4, 3, 4, seed=1, dtype=torch.float64)
    masks = rand(2, kernel**2 * group, 3 * scale, 4 * scale, seed=2, dtype=torch.float64)
    want = torch.zeros(2, 4, 3 * scale, 4 * scale, dtype=torch.float64)
    for n, c, p, q in np.ndindex(*want.shape):
        for i, j in np.ndindex(kernel, kernel):
            y, z = p // scale + i - kernel // 2, q // scale + j - kernel // 2
            if 0 <= y < 3 and 0 <= z < 4:
                place = (c // (4 // group)) * kernel**2 + i * kernel + j
                want[n, c, p, q] += x[n, c, y, z] * masks[n, place, p, q]
    inputs = leaves(device, x, masks)
    close(ops.carafe(*inputs, kernel, group, scale), want, 1e-12)
    close(ops.carafe_naive(*inputs, kernel, group, scale), want, 1e-12)
    assert gradients_hold(lambda a, m: ops.carafe(a, m, kernel, group, scale), inputs)


@pytest.mark.parametrize("kind", ["collect", "distribute"])
@pytest.mark.parametrize("size", [(5, 7), (3, 3), (4, 5)])
def test_psa_mask(kind, size, device):
    h, w = 3, 4
    x = rand(2, size[0] * size[1], h, w, seed=1, dtype=torch.float64)
    want = torch.zeros(2, h * w, h, w, dtype=torch.float64)
    half = (size[0] - 1) // 2, (size[1] - 1) // 2
    for n, p, q in np.ndindex(2, h, w):
        for i in range(max(0, half[0] - p), min(size[0], h + half[0] - p)):
            for j in range(max(0, half[1] - q), min(size[1], w + half[1] - q)):
                y, z = i + p - half[0], j + q - half[1]
                value = x[n, i * size[1] + j, p, q]
                if kind == "collect":
                    want[n, y * w + z, p, q] = value
                else:
                    want[n, p * w + q, y, z] = value
    layer = ops.PSAMask(kind, size)
    (leaf,) = leaves(device, x)
    close(layer(leaf), want, 0)
    assert gradients_hold(layer, leaf)


def test_masked_conv(device):
    layer = ops.MaskedConv2d(3, 4, 3, padding=1).double().eval().to(device)
    x, mask = rand(1, 3, 6, 5, seed=1, dtype=torch.float64).to(device), rand(1, 6, 5, seed=2).to(device) > 0.5
    with torch.no_grad():
        close(layer(x, mask.double()), layer(x) * mask, 1e-12)
        assert not layer(x, torch.zeros(1, 6, 5, device=device)).any()


@pytest.fixture
def lone_process(tmp_path):
    torch.distributed.init_process_group("gloo", init_method=(tmp_path / "rendezvous").as_uri(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("mode", ["default", "N"])
def test_sync_bn(mode, lone_process, device):
    ours, theirs = ops.SyncBatchNorm(3, stats_mode=mode).to(device), torch.nn.BatchNorm2d(3).to(device)
    theirs.load_state_dict(ours.state_dict())
    for seed in SEEDS:
        (x,) = leaves(device, rand(4, 3, 5, 6, seed=seed))
        (y,) = leaves(device, x.detach())
        a, b = ours(x), theirs(y)
        close(a, b, 1e-5)
        (a**3).sum().backward()
        (b**3).sum().backward()
        close(x.grad, y.grad, 1e-4)
    close(ours.weight.grad, theirs.weight.grad, 1e-4)
    for name in ("running_mean", "running_var"):
        close(getattr(ours, name), getattr(theirs, name), 1e-6)
    ours(torch.zeros(0, 3, 5, 6, device=device)).sum().backward()
