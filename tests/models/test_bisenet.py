"""The paper's BiSeNet: published sizes, the recipe's figures, and loss, windows and switches against references."""

import math

import pytest
import torch
from helpers import ROOT
from helpers.mm import build, read
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.optim import build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn
from torch.nn import functional as F

from relnas_mm.analysis.macs import count_macs
from relnas_mm.errors import UserError
from relnas_mm.models.losses import OHEMCrossEntropy

pytestmark = pytest.mark.mm

CONFIGS = ROOT / "configs" / "bisenet"
NAME = "bisenet_relativenas_2xb8-80k_cityscapes-1024x1024"
REFERENCE = "bisenet-reference_relativenas_2xb8-80k_cityscapes-1024x1024"
MINI = "bisenet_relativenas-c16l6_1xb8-600i_camvid-mini"
PUBLISHED = {
    NAME: (6_944_645, 6_008_517, 4_313_029, 35_346.7, 17_673.4),
    REFERENCE: (6_944_645, 6_008_517, 4_313_029, 35_346.7, 17_673.4),
    "bisenet_darts-v2-c48_2xb8-80k_cityscapes-1024x1024": (6_640_760, 5_704_632, 3_949_752, 34_768.3, 17_384.2),
    "bisenet_mobilenetv2_2xb8-80k_cityscapes-1024x1024": (5_238_464, 4_302_336, 2_223_872, 29_214.2, 14_607.2),
}


def small(**test_cfg):
    """The network with a tiny cell; weights by a fixed seed."""
    torch.manual_seed(0)
    config = read(f"bisenet/{MINI}").model
    config.backbone.backbone.update(init_channels=4, num_cells=4)
    config.backbone.in_channels = (32, 64)
    if test_cfg:
        config.test_cfg = test_cfg
    return build(config, "mmseg")


def sample(height, width, labels=None):
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    size = {"ori_shape": (height, width), "img_shape": (height, width), "pad_shape": (height, width)}
    found = SegDataSample(metainfo=size)
    found.gt_sem_seg = PixelData(data=torch.zeros(1, height, width).long() if labels is None else labels)
    return found


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


class AllHeads(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        maps = self.model.extract_feat(x)
        return [head(maps) for head in (self.model.decode_head, *self.model.auxiliary_head)]


@pytest.mark.golden
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes(name):
    total, context, backbone, square, half = PUBLISHED[name]
    model = build(read(f"bisenet/{name}").model, "mmseg")
    paths = model.backbone
    assert (count(model), count(paths.context_path), count(paths.context_path.backbone)) == (total, context, backbone)
    assert (count(paths.spatial_path), count(paths.ffm)) == (91_968, 98_816)
    assert [count(head) for head in (model.decode_head, *model.auxiliary_head)] == [595_200, 75_072, 75_072]
    network = AllHeads(model).eval().to("meta")  # shapes only
    for height, millions in ((1024, square), (512, half)):
        macs = count_macs(network, torch.empty(1, 3, height, 1024, device="meta")).quoted[""]
        assert macs / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize(("height", "width"), [(64, 96), (97, 131), (65, 64), (33, 200)])
def test_any_image_size_works(height, width):
    model = small(mode="whole")
    images = torch.rand(2, 3, height, width)
    maps = model.extract_feat(images)
    assert [tuple(x.shape[1:]) for x in maps] == [
        (channels, math.ceil(height / stride), math.ceil(width / stride))
        for channels, stride in ((128, 8), (64, 8), (64, 16))
    ]
    losses = model.loss(images, [sample(height, width)] * 2)
    assert {"decode.loss_ohem", "aux_0.loss_ohem", "aux_1.loss_ohem"} <= losses.keys()
    sum(value for name, value in losses.items() if "loss" in name).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    results = model.eval().predict(images, [sample(height, width)] * 2)
    assert all(result.pred_sem_seg.data.shape == (1, height, width) for result in results)


def test_fusion_is_the_gated_map_plus_itself():
    model = small().eval()
    spatial, context = torch.randn(2, 64, 5, 7), torch.randn(2, 64, 5, 7)
    ffm = model.backbone.ffm
    fused = ffm.conv(torch.cat((spatial, context), 1))
    inner, outer = (layer.weight[:, :, 0, 0] for layer in ffm.gate if isinstance(layer, nn.Conv2d))
    gate = torch.sigmoid(F.relu(fused.mean((2, 3)) @ inner.T) @ outer.T)
    torch.testing.assert_close(ffm(spatial, context), fused * (1 + gate[:, :, None, None]))


def test_normalization_and_activation_of_everything_but_the_backbone():
    model = small()
    outside = [
        (name, module)
        for name, module in model.named_modules()
        if "context_path.backbone" not in name and hasattr(module, "with_activation")
    ]
    assert len(outside) == 4 + 2 * 2 + 3 + 1 + 3
    for name, module in outside:
        assert module.with_norm and module.conv.bias is None
        gate = "atten_conv_layer" in name
        assert module.with_activation != gate
        assert gate or module.activate.negative_slope == 0.01


# Loss


def hard_pixels(logits, labels, threshold, least):
    """The loss, pixel by pixel."""
    losses = []
    for scores, label in zip(logits.movedim(1, -1).reshape(-1, logits.shape[1]), labels.flatten().tolist()):
        if label != 255:
            losses.append(-float(scores.log_softmax(0)[label]))
    losses.sort(reverse=True)
    hard = [loss for loss in losses if loss > -math.log(threshold)]
    kept = hard if len(hard) >= least else losses[:least]
    return sum(kept) / len(kept) if kept else 0.0


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    threshold=st.floats(0.05, 1.0),
    fraction=st.sampled_from([0.0, 1 / 16, 0.5, 1.0]),
    ignored=st.floats(0, 1),
    scale=st.floats(0, 8),
)
def test_loss_is_that_of_the_hardest_pixels(seed, threshold, fraction, ignored, scale):
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 3, 4, 5, generator=rng) * scale
    labels = torch.randint(3, (2, 4, 5), generator=rng)
    labels[torch.rand(2, 4, 5, generator=rng) < ignored] = 255
    logits.requires_grad_()
    loss = OHEMCrossEntropy(threshold, fraction)(logits, labels)
    assert loss.item() == pytest.approx(hard_pixels(logits.detach(), labels, threshold, int(40 * fraction)), abs=1e-5)
    loss.backward()
    assert logits.grad.isfinite().all()


def test_training_in_mixed_precision_stays_finite():
    """Losses are taken in 32 bits; here with bfloat16, which CPUs have."""
    model = small(mode="whole")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = model.loss(torch.rand(2, 3, 64, 96), [sample(64, 96)] * 2)
    total = sum(value for name, value in losses.items() if "loss" in name)
    assert total.dtype == torch.float32
    total.backward()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.requires_grad)


def test_the_paper_keeps_as_many_pixels_as_the_reference():
    kept = OHEMCrossEntropy().min_fraction * 8 * 1024 * 1024
    assert kept == 524_288


@pytest.mark.parametrize("setting", [{"threshold": 0}, {"threshold": 1.5}, {"min_fraction": -0.1}])
def test_loss_out_of_range(setting):
    with pytest.raises(UserError, match=f"{next(iter(setting))} of OHEMCrossEntropy is"):
        OHEMCrossEntropy(**setting)


# Switches of the release


def test_absolute_scale():
    torch.manual_seed(0)
    norm = build(dict(type="AbsoluteScaleNorm", num_features=3), "mmseg")
    plain = nn.BatchNorm2d(3)
    with torch.no_grad():
        for layer in (norm, plain):
            layer.weight.copy_(torch.tensor([1.0, -2.0, 0.0]))
            layer.bias.copy_(torch.tensor([0.0, 1.0, 2.0]))
    x = torch.randn(4, 3, 5, 5)
    ours, theirs = norm(x), plain(x)
    torch.testing.assert_close(ours[:, 0], theirs[:, 0], atol=1e-4, rtol=0)
    torch.testing.assert_close(ours[:, 1] - 1, 1 - theirs[:, 1], atol=1e-4, rtol=0)
    torch.testing.assert_close(ours[:, 2], theirs[:, 2], atol=1e-4, rtol=0)
    ours[:, 2].sum().backward()
    torch.testing.assert_close(norm.norm.running_var, plain.running_var)


def test_release_freezes_scales_and_shifts_of_the_backbone_only():
    model = build(read(f"bisenet/{REFERENCE}").model, "mmseg")
    backbone = model.backbone.context_path.backbone
    frozen = [p for m in backbone.modules() if isinstance(m, nn.BatchNorm2d) for p in (m.weight, m.bias)]
    assert len(frozen) == 394 and sum(p.numel() for p in frozen) == 42_734
    assert not any(p.requires_grad for p in frozen)
    elsewhere = [m for m in model.modules() if type(m).__name__ == "AbsoluteScaleNorm"]
    assert len(elsewhere) == 15 and all(m.weight.requires_grad for m in elsewhere)
    before = backbone.stem0[1].running_mean.clone()
    backbone.train()(torch.rand(2, 3, 64, 64))
    assert not torch.equal(before, backbone.stem0[1].running_mean)


def test_windows_are_merged_by_the_exponential_of_probabilities():
    slide = dict(mode="slide", crop_size=(64, 64), stride=(40, 40))
    model = small(**slide, window_scores="exp_softmax").eval()
    image = torch.rand(1, 3, 64, 150)
    total = torch.zeros(1, 11, 64, 150)
    starts = [0, 40, 80, 86]
    with torch.no_grad():
        for start in starts:
            window = image[..., start : start + 64]
            logits = F.interpolate(
                model.decode_head(model.extract_feat(window)), (64, 64), mode="bilinear", align_corners=True
            )
            total[..., start : start + 64] += logits.softmax(1).exp()
        (found,) = model.predict(image, [sample(64, 150)])
        # The classes with the largest sums, but for those that rounding alone puts in order.
        chosen = total[0].gather(0, found.pred_sem_seg.data)
        torch.testing.assert_close(chosen, total[0].amax(0, keepdim=True), rtol=1e-5, atol=1e-5)
        covered = sum(((torch.arange(150) >= s) & (torch.arange(150) < s + 64)).float() for s in starts)
        torch.testing.assert_close(found.seg_logits.data, (total / covered)[0])

        plain = small(**slide)  # mmseg's mean of the logits is the default
        plain.load_state_dict(model.state_dict())
        (other,) = plain.eval().predict(image, [sample(64, 150)])
        assert not torch.allclose(other.seg_logits.data, found.seg_logits.data)


def test_unknown_window_scores():
    with pytest.raises(UserError, match="test_cfg.window_scores is 'sum'; it must be one of"):
        small(mode="slide", crop_size=(64, 64), stride=(40, 40), window_scores="sum")


# Recipe


def schedule(name, steps):
    """Learning rates of the backbone's and the heads' weights before each of the given iterations."""
    config = read(f"bisenet/{name}")
    model = nn.ModuleDict({"backbone": nn.Conv2d(1, 1, 1), "decode_head": nn.Conv2d(1, 1, 1)})
    wrapper = build_optim_wrapper(model, config.optim_wrapper)
    schedulers = [PARAM_SCHEDULERS.build(dict(part, optimizer=wrapper)) for part in config.param_scheduler]
    rates = {}
    for iteration in range(max(steps) + 1):
        if iteration in steps:
            rates[iteration] = tuple(wrapper.optimizer.param_groups[index]["lr"] for index in (0, -1))
        wrapper.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates


@pytest.mark.golden
def test_rates_are_those_of_the_release():
    steps = (0, 1, 500, 999, 1000, 1001, 2000, 5000)
    for iteration, (backbone, head) in schedule(NAME, steps).items():
        if iteration <= 1000:
            expected = 1e-5 * 1000 ** (iteration / 1000)
        else:
            expected = 1e-2 * (1 - (iteration - 1000) / 79_000) ** 0.9
        assert backbone == pytest.approx(expected, rel=1e-6), iteration
        assert head == pytest.approx(10 * backbone)


@pytest.mark.golden
@pytest.mark.parametrize("name", [NAME, REFERENCE])
def test_who_decays_and_who_learns_ten_times_as_fast(name):
    config = read(f"bisenet/{name}")
    config.model.backbone.backbone.update(init_channels=4, num_cells=4)
    config.model.backbone.in_channels = (32, 64)
    model = build(config.model, "mmseg")
    groups = build_optim_wrapper(model, config.optim_wrapper).param_groups
    found = {id(parameter): group for group in groups for parameter in group["params"]}
    for path, parameter in model.named_parameters():
        if not parameter.requires_grad:
            assert id(parameter) not in found
            continue
        group = found[id(parameter)]
        fast = path.startswith(("decode_head", "auxiliary_head", "backbone.ffm"))
        assert group["lr"] == pytest.approx(0.1 if fast else 0.01), path
        assert group["weight_decay"] == (5e-4 if parameter.ndim == 4 else 0), path
        assert group["momentum"] == 0.9
