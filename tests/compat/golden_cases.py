"""Inputs drawn from seeds, and what mmcv's operators make of them: the same code records and compares."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import torch

Arrays = dict[str, np.ndarray]


def draw(seed: int, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    """Single-precision numbers that depend on the seed alone, in any version of torch."""
    numbers = np.random.RandomState(seed).uniform(low, high, shape)
    return torch.from_numpy(numbers.astype(np.float32))


def draw_boxes(seed: int, n: int, size: float = 40.0) -> torch.Tensor:
    corner, extent = draw(seed, n, 2, high=size), draw(seed + 1, n, 2, low=1.0, high=size)
    return torch.cat([corner, corner + extent], 1)


def draw_scores(seed: int, n: int, ties: bool = False) -> torch.Tensor:
    scores = draw(seed, n)
    return (scores * 8).round() / 8 if ties else scores


def nms() -> Arrays:
    from mmcv import ops

    out: Arrays = {}
    for seed, n in enumerate((1, 30, 120, 250)):
        boxes = draw_boxes(10 * seed, n)
        for ties in (False, True):
            scores = draw_scores(10 * seed + 5, n, ties)
            for threshold in (0.3, 0.5, 0.7):
                for offset in (0, 1):
                    keep = ops.nms(boxes, scores, threshold, offset=offset)[1]
                    out[f"{n}-{ties}-{threshold}-{offset}"] = keep.numpy().astype(np.int16)
    return out


def batched_nms() -> Arrays:
    from mmcv import ops

    boxes, scores = draw_boxes(100, 200), draw_scores(102, 200)
    classes = (draw(103, 200) * 5).long()
    out: Arrays = {}
    for agnostic in (False, True):
        for kind in ({"type": "nms"}, {"type": "nms", "split_thr": 50}, {"type": "soft_nms"}):
            dets, keep = ops.batched_nms(boxes, scores, classes, {**kind, "iou_threshold": 0.5}, agnostic)
            name = f"{agnostic}-{kind['type']}-{kind.get('split_thr')}"
            out[f"{name}-index"] = keep.numpy().astype(np.int16)
            out[f"{name}-scores"] = dets[:, 4].numpy()
    return out


def soft_nms() -> Arrays:
    from mmcv import ops

    boxes, scores = draw_boxes(110, 60), draw_scores(112, 60)
    out: Arrays = {}
    for method in ("naive", "linear", "gaussian"):
        for offset in (0, 1):
            dets, keep = ops.soft_nms(boxes, scores, 0.3, 0.5, 0.05, method, offset)
            out[f"{method}-{offset}-index"] = keep.numpy().astype(np.int16)
            out[f"{method}-{offset}-dets"] = dets.numpy()
    return out


def bbox_overlaps() -> Arrays:
    from mmcv import ops

    a, b = draw_boxes(120, 12), draw_boxes(130, 9)
    return {f"{mode}-{k}": ops.bbox_overlaps(a, b, mode, offset=k).numpy() for mode in ("iou", "iof") for k in (0, 1)}


def draw_rois(seed: int) -> torch.Tensor:
    """Seven regions of two images, two of them reaching outside, one smaller than a pixel."""
    rois = torch.cat([(draw(seed, 7, 1) * 2).floor(), draw_boxes(seed + 1, 7, 28.0) - 4], 1)
    rois[6, 3:] = rois[6, 1:3] + 0.4
    return rois


def roi_align() -> Arrays:
    from mmcv import ops

    out: Arrays = {}
    rois = draw_rois(142)
    for mode in ("avg", "max"):
        for aligned in (True, False):
            for ratio in (0, 2):
                feature = draw(140, 2, 3, 13, 17, low=-1.0).requires_grad_()
                pooled = ops.roi_align(feature, rois, (4, 3), 0.5, ratio, mode, aligned)
                pooled.backward(draw(141, *pooled.shape, low=-1.0))
                out[f"{mode}-{aligned}-{ratio}"] = pooled.detach().numpy()
                out[f"{mode}-{aligned}-{ratio}-grad"] = feature.grad.numpy()
    return out


def deform_conv() -> Arrays:
    from mmcv import ops

    out: Arrays = {}
    for stride, pad, dilation, groups, deform_groups in ((1, 1, 1, 1, 1), (2, 1, 1, 2, 2), (1, 2, 2, 1, 2)):
        geometry = stride, pad, dilation, groups, deform_groups
        size = [(s + 2 * pad - 2 * dilation - 1) // stride + 1 for s in (9, 11)]
        inputs = {
            "x": draw(150, 2, 4, 9, 11, low=-1.0),
            "offset": draw(151, 2, 18 * deform_groups, *size, low=-2.0, high=2.0),
            "mask": draw(152, 2, 9 * deform_groups, *size),
            "weight": draw(153, 4, 4 // groups, 3, 3, low=-1.0),
            "bias": draw(154, 4),
        }
        for version in (1, 2):
            leaves = {name: tensor.clone().requires_grad_() for name, tensor in inputs.items()}
            if version == 1:
                result = ops.deform_conv2d(leaves["x"], leaves["offset"], leaves["weight"], *geometry)
            else:
                result = ops.modulated_deform_conv2d(*leaves.values(), *geometry)
            result.backward(draw(155, *result.shape, low=-1.0))
            name = f"v{version}-{'-'.join(map(str, geometry))}"
            out[name] = result.detach().numpy()
            out.update({f"{name}-{k}": t.grad.numpy() for k, t in leaves.items() if t.grad is not None})
    return out


def psa_mask() -> Arrays:
    from mmcv import ops

    out: Arrays = {}
    for kind in ("collect", "distribute"):
        x = draw(160, 1, 35, 4, 5).requires_grad_()
        spread = ops.PSAMask(kind, (5, 7))(x)
        spread.backward(draw(161, *spread.shape))
        out[kind], out[f"{kind}-grad"] = spread.detach().numpy(), x.grad.numpy()
    return out


CASES: tuple[Callable[[], Arrays], ...] = (
    nms,
    batched_nms,
    soft_nms,
    bbox_overlaps,
    roi_align,
    deform_conv,
    psa_mask,
)


def fingerprint() -> str:
    """Of the drawn inputs, so that a change of a random stream is not taken for a change of an operator."""
    parts = [draw(1, 5), draw_boxes(2, 5), draw_scores(4, 9, ties=True), draw_rois(5)]
    return hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts)).hexdigest()


def outputs() -> Iterator[tuple[str, np.ndarray]]:
    """Every result by `case/name`."""
    for case in CASES:
        for name, array in case().items():
            yield f"{case.__name__}/{name}", array
