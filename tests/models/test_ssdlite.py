"""The paper's SSDLite-320: published sizes; priors, loss and suppression against references written here; inference."""

import itertools
import json
import math

import numpy as np
import pytest
import torch
from helpers import ROOT, run_tool
from helpers.mm import build, read_untrained
from mmengine.structures import InstanceData
from PIL import Image
from torch import nn
from torch.nn import functional as F

from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm

CONFIGS = ROOT / "configs" / "ssdlite"
FULL = "ssdlite320_relativenas_200e_voc0712"
REFERENCE = "ssdlite320-reference_relativenas_200e_voc0712"
GRIDS = (20, 10, 5, 3, 2, 1)
PUBLISHED = {
    FULL: (4_313_029, 376_023, 302_484, 78_288, 1_202.97),
    REFERENCE: (4_313_029, 376_023, 302_484, 78_288, 1_202.97),
    "ssdlite320_darts-v2-c48_200e_voc0712": (3_949_752, 389_778, 309_108, 80_016, 1_138.16),
    "ssdlite320_mobilenetv2_200e_voc0712": (2_223_872, 652_736, 340_020, 88_080, 680.88),
}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def multiply_adds(model, *size):
    """Of convolutions and linear layers, biases counted, as the release counts them."""
    total = 0

    def add(module, _, output):
        nonlocal total
        total += output[0].numel() * (module.weight[0].numel() + (module.bias is not None))

    hooks = [m.register_forward_hook(add) for m in model.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        maps = model.extract_feat(torch.zeros(1, 3, *size))
        model.bbox_head(maps)
    for hook in hooks:
        hook.remove()
    return total, [tuple(x.shape[1:]) for x in maps]


@pytest.mark.golden
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(name):
    base, extras, scores, boxes, macs = PUBLISHED[name]
    model = build(read_untrained(f"ssdlite/{name}").model, "mmdet").eval()
    parts = (model.backbone, model.neck, model.bbox_head.cls_convs, model.bbox_head.reg_convs)
    assert tuple(map(count, parts)) == (base, extras, scores, boxes)
    assert count(model) == base + extras + scores + boxes
    total, shapes = multiply_adds(model, 320, 320)
    assert round(total / 1e6, 2) == macs
    assert [shape[1:] for shape in shapes] == [(side, side) for side in GRIDS]
    if name == FULL:
        assert count(model) == 5_069_824
        assert [shape[0] for shape in shapes] == [368, 736, 512, 256, 256, 64]


def test_resnet50_has_its_own_size():
    """Not one of the paper's backbones; the count is ours."""
    assert count(build(read_untrained("ssdlite/ssdlite320_r50_200e_voc0712").model, "mmdet")) == 25_476_822


def reference_priors():
    """(cx, cy, w, h) in pixels, in the order of the reference, not clamped."""
    rows = []
    spans = zip((60, 105, 150, 195, 240, 285), (105, 150, 195, 240, 285, 330))
    for grid, step, (low, high) in zip(GRIDS, (16, 32, 64, 100, 150, 300), spans):
        sides = [(low, low), (math.sqrt(low * high),) * 2]
        for ratio in (2, 3):
            long, short = low * math.sqrt(ratio), low / math.sqrt(ratio)
            sides += [(long, short), (short, long)]
        for j, i in itertools.product(range(grid), repeat=2):
            rows += [((i + 0.5) * step, (j + 0.5) * step, w, h) for w, h in sides]
    return torch.tensor(rows)


def corners(centered):
    return torch.cat((centered[:, :2] - centered[:, 2:] / 2, centered[:, :2] + centered[:, 2:] / 2), 1)


def build_head(name=FULL, **changes):
    """The head of a config, with few channels: its priors, losses and suppression do not depend on them."""
    model = read_untrained(f"ssdlite/{name}").model
    return build(
        {
            **model.bbox_head,
            "in_channels": (4,) * 6,
            "train_cfg": model.train_cfg,
            "test_cfg": model.test_cfg,
            **changes,
        },
        "mmdet",
    )


def random_maps(seed, images):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(images, 4, side, side, generator=generator) for side in GRIDS)


def by_prior(maps, values):
    """(n, priors * values, h, w) of each level as (n, all priors, values)."""
    return torch.cat([x.permute(0, 2, 3, 1).reshape(len(x), -1, values) for x in maps], 1)


@pytest.mark.golden
def test_priors():
    def priors(name):
        generator = build_head(name).prior_generator
        return torch.cat(generator.grid_priors([(side, side) for side in GRIDS], device="cpu"))

    expected = reference_priors()
    plain, clamped = priors(FULL), priors(REFERENCE)
    assert plain.shape == (3234, 4)
    torch.testing.assert_close(plain, corners(expected), atol=1e-4, rtol=0)
    torch.testing.assert_close(clamped, corners(expected.clamp(0, 320)), atol=1e-4, rtol=0)
    assert int((expected != expected.clamp(0, 320)).any(1).sum()) == 38
    assert int(((plain - clamped).abs() > 0.01).any(1).sum()) == 38
    assert clamped[0].tolist() == [-22, -22, 38, 38]


def pairwise_iou(a, b):
    low, high = torch.maximum(a[:, None, :2], b[None, :, :2]), torch.minimum(a[:, None, 2:], b[None, :, 2:])
    inside = (high - low).clamp(min=0).prod(2)
    areas = [(x[:, 2:] - x[:, :2]).prod(1) for x in (a, b)]
    return inside / (areas[0][:, None] + areas[1][None] - inside)


def reference_loss(logits, offsets, truths):
    """Cross entropy with hard negatives and smooth L1, both over the number of positives; background is class 0."""
    priors = reference_priors()
    class_loss = box_loss = positives = 0
    for logit, offset, (boxes, labels) in zip(logits, offsets, truths):
        target, matched = torch.zeros(len(priors), dtype=torch.long), torch.zeros(len(priors), dtype=torch.long)
        if len(boxes):
            iou = pairwise_iou(corners(priors), boxes)
            best, matched = iou.max(1)
            for number, prior in enumerate(iou.argmax(0)):
                best[prior], matched[prior] = 2, number
            target = torch.where(best >= 0.5, labels[matched] + 1, 0)
        chosen = target > 0
        number = int(chosen.sum())
        hardness = torch.where(chosen, -1.0, -logit.log_softmax(1)[:, 0])
        negatives = hardness.argsort(descending=True)[: 3 * number]
        sample = torch.cat((chosen.nonzero()[:, 0], negatives))
        class_loss += F.cross_entropy(logit[sample], target[sample], reduction="sum") if number else 0
        if number:
            truth, prior = boxes[matched[chosen]], priors[chosen]
            center = ((truth[:, :2] + truth[:, 2:]) / 2 - prior[:, :2]) / prior[:, 2:] / 0.1
            size = ((truth[:, 2:] - truth[:, :2]) / prior[:, 2:]).log() / 0.2
            wanted = torch.cat((center, size), 1)
            box_loss += F.smooth_l1_loss(offset[chosen], wanted, reduction="sum", beta=1.0)
        positives += number
    return class_loss / positives, box_loss / positives


@pytest.mark.parametrize("background", ["first", "last"])
@pytest.mark.parametrize("seed", range(3))
def test_loss_is_that_of_the_reference(background, seed):
    """Two images: several objects, and one object that no prior fits."""
    head = build_head(background=background).eval()
    generator = torch.Generator().manual_seed(seed)
    starts = torch.rand(5, 2, generator=generator) * 200
    boxes = torch.cat((starts, starts + 20 + torch.rand(5, 2, generator=generator) * 100), 1)
    labels = torch.randint(0, 20, (5,), generator=generator)
    sliver = torch.tensor([[107.3, 134.1, 211.3, 150.1]])
    truths = [(boxes, labels), (sliver, labels[:1])]
    maps = random_maps(seed, 2)
    meta = dict(img_shape=(320, 320), pad_shape=(320, 320))
    with torch.no_grad():
        losses = head.loss_by_feat(*head(maps), [InstanceData(bboxes=b, labels=c) for b, c in truths], [meta] * 2)
        logits = by_prior([conv(x) for conv, x in zip(head.cls_convs, maps)], 21)
        offsets = by_prior([conv(x) for conv, x in zip(head.reg_convs, maps)], 4)
    expected = reference_loss(logits if background == "first" else logits.roll(1, 2), offsets, truths)
    torch.testing.assert_close(sum(losses["loss_cls"]).squeeze(), expected[0])
    torch.testing.assert_close(sum(losses["loss_bbox"]), expected[1])


def reference_detections(probabilities, boxes):
    """Rows (class, score, box): scores above .01, the best 200 of each class, overlaps above .45 suppressed."""
    rows = []
    for label in range(probabilities.shape[1]):
        scores = probabilities[:, label]
        order = scores.argsort(descending=True)
        order = order[scores[order] > 0.01][:200]
        overlaps = pairwise_iou(boxes[order], boxes[order])
        taken = []
        for place in range(len(order)):
            if (overlaps[place, taken] <= 0.45).all():
                taken.append(place)
                rows.append(torch.tensor([label, scores[order[place]], *boxes[order[place]]], dtype=boxes.dtype))
    return torch.stack(rows)


def test_detections_are_those_of_the_reference():
    """Random outputs, so that every class has more than 200 candidates and boxes reach far out of the image."""
    head = build_head(REFERENCE)
    generator = torch.Generator().manual_seed(0)
    # double, so that no overlap is .45 up to rounding
    scores, offsets = (
        [torch.randn(1, 6 * n, side, side, generator=generator, dtype=torch.double) for side in GRIDS] for n in (21, 4)
    )
    meta = dict(img_shape=(320, 320), scale_factor=(1.0, 1.0))
    (found,) = head.predict_by_feat(scores, offsets, batch_img_metas=[meta])
    probabilities = by_prior(scores, 21)[0].softmax(1)[:, :20]
    assert ((probabilities > 0.01).sum(0) > 200).all()
    moves, priors = by_prior(offsets, 4)[0], reference_priors().double().clamp(0, 320)
    centers, sizes = priors[:, :2] + 0.1 * moves[:, :2] * priors[:, 2:], priors[:, 2:] * (0.2 * moves[:, 2:]).exp()
    expected = reference_detections(probabilities, corners(torch.cat((centers, sizes), 1)))
    order = (found.labels * 2 - found.scores).argsort()  # by class, then by score
    rows = torch.cat((found.labels[:, None], found.scores[:, None], found.bboxes), 1)[order]
    assert len(expected) > 400  # mmdet's usual limits would leave 200
    torch.testing.assert_close(rows, expected, atol=1e-3, rtol=1e-5)


def test_background_first_is_a_matter_of_weights():
    first, last = build_head(background="first").eval(), build_head(background="last").eval()
    weights = first.state_dict()
    for key in [key for key in weights if key.startswith("cls_convs") and weights[key].shape[:1] == (126,)]:
        weights[key] = weights[key].unflatten(0, (6, 21)).roll(-1, 1).flatten(0, 1)
    last.load_state_dict(weights)
    maps = random_maps(0, 2)
    for a, b in zip(itertools.chain(*first(maps)), itertools.chain(*last(maps))):
        # A convolution may sum a channel in another order where it is computed in another block of channels.
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_first_weights_are_pytorchs():
    model = build(read_untrained("ssdlite/ssdlite320_relativenas-c16l6_20e_voc-mini").model, "mmdet")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    model.init_weights()
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]), key
    conv = model.bbox_head.cls_convs[0][0]
    assert conv.bias is not None and 0.3 < conv.weight.abs().max() <= 1 / 3


@pytest.mark.golden
def test_reference_recipe():
    from mmengine.registry import PARAM_SCHEDULERS

    config = read_untrained(f"ssdlite/{FULL}")
    assert config.optim_wrapper.to_dict() == dict(
        type="OptimWrapper", optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4)
    )
    assert config.train_dataloader.batch_size == 32 and config.train_cfg.max_epochs == 200
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.01)
    (scheduler,) = (PARAM_SCHEDULERS.build(dict(s, optimizer=optimizer)) for s in config.param_scheduler)
    for epoch in range(200):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.005 * (1 + math.cos(math.pi * epoch / 200)), abs=1e-9)
        optimizer.step()
        scheduler.step()


def flatten(node, path=""):
    if isinstance(node, (dict, list, tuple)):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from flatten(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, node


def test_released_config_turns_on_the_oddities_and_nothing_else():
    ours, theirs = (
        dict(flatten({k: read_untrained(f"ssdlite/{n}")[k] for k in ("model", "train_dataloader")}))
        for n in (FULL, REFERENCE)
    )
    assert ours.keys() == theirs.keys()
    changed = {key: theirs[key] for key in ours if ours[key] != theirs[key]}
    images = {
        f"model.data_preprocessor.{name}.{i}": value for name, value in (("mean", 127), ("std", 128)) for i in range(3)
    }
    steps = {}
    for part in range(2):
        steps |= {f"train_dataloader.dataset.datasets.{part}.pipeline.3.mean.{i}": 127 for i in range(3)}
        steps |= {f"train_dataloader.dataset.datasets.{part}.pipeline.4.min_ious.{i}": 0 for i in range(4)}
    assert changed == images | steps | {
        "model.bbox_head.background": "first",
        "model.bbox_head.anchor_generator.type": "ClampedSSDAnchorGenerator",
        "model.bbox_head.bbox_coder.clip_border": False,
        "model.test_cfg.min_bbox_size": -1,
    }


@pytest.mark.parametrize("name, whole", [(FULL, 1 / 2), (REFERENCE, 1 / 6)])
def test_least_overlap_of_crops(name, whole):
    """A box so small that no crop reaches an overlap of .1: of the six modes only two, or all, can give a result."""
    from mmdet.registry import TRANSFORMS
    from mmdet.structures.bbox import HorizontalBoxes

    step = read_untrained(f"ssdlite/{name}").train_dataloader.dataset.datasets[0].pipeline[4]
    crop = TRANSFORMS.build(step)
    np.random.seed(0)  # noqa: NPY002  (mmdet draws from it)
    uncropped = 0
    for _ in range(150):
        boxes = HorizontalBoxes(torch.tensor([[98.0, 98.0, 102.0, 102.0]]))
        image = np.zeros((200, 200, 3), np.float32)
        uncropped += crop(dict(img=image, gt_bboxes=boxes))["img"].shape == image.shape
    assert uncropped / 150 == pytest.approx(whole, abs=0.15)


def test_bad_arguments_are_one_sentence():
    with pytest.raises(UserError, match=r"background is 'middle'; it must be one of \('first', 'last'\)"):
        build_head(background="middle")
    with pytest.raises(UserError, match=r"ratios is \(0\.2,\); it must list a positive number for each"):
        build(dict(type="SSDLiteExtras", in_channels=(8, 16), ratios=(0.2,)), "mmdet")


def test_mmdets_own_inference(tmp_path):
    """A detector trained by nobody, through the two doors that mmdet's users know."""
    from mmdet.apis import DetInferencer, inference_detector, init_detector

    path = str(tmp_path / "image.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 120, 3), dtype=np.uint8)).save(path)
    config = str(CONFIGS / "ssdlite320_relativenas-c16l6_20e_voc-mini.py")
    model = init_detector(config, device="cpu")
    found = inference_detector(model, path).pred_instances
    assert len(found) and found.bboxes[:, 2].max() <= 120 and found.bboxes[:, 3].max() <= 90
    weights = tmp_path / "weights.pth"
    torch.save({"state_dict": model.state_dict(), "meta": {}}, weights)
    (again,) = DetInferencer(config, str(weights), device="cpu", show_progress=False)(path)["predictions"]
    assert again["scores"] == pytest.approx(found.scores.tolist(), abs=1e-6)


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.data
def test_it_learns_real_images_by_heart(data_root, tmp_path):
    """By the benchmark that fills docs/results/overfit_detectors.json, with fewer images."""
    out = tmp_path / "overfit.json"
    config = CONFIGS / "ssdlite320_relativenas-c16l6_20e_voc-mini.py"
    options = ["--images", "3", "--iterations", "60", "--out", str(out)]
    voc = str(data_root / "VOCdevkit-mini")
    done = run_tool("benchmarks/overfit_detectors.py", config, *options, VOC_ROOT=voc)
    assert done.returncode == 0, done.stderr[-3000:]
    (row,) = json.loads(out.read_text())["detectors"].values()
    assert list(row["mAP"])[-1] == "60" and row["mAP"]["60"] > 0.9
    assert row["last_loss"] < 0.1 * row["first_loss"]
