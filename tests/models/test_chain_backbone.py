"""ChainBackbone: the contract that mm necks and heads rely on, and the configs that name it."""

import pytest
import torch
from helpers import ROOT
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import MODELS, DefaultScope
from torch import nn

import relnas_mm  # noqa: F401
from relnas_mm.architectures import CHAINS, Chain
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config
from relnas_mm.models import ChainBackbone

pytestmark = pytest.mark.mm

CONFIGS = ROOT / "configs"
CHAIN = dict(width=4, layers=[["sep_conv", 3], ["conv", 3], ["sep_conv", 5], ["conv", 5], ["sep_conv", 7], ["conv", 3]])
SMALL = dict(type="ChainBackbone", chain=CHAIN)


def build(**options):
    return MODELS.build({**SMALL, **options})


@pytest.mark.parametrize("stem, output_stride", [("imagenet", 32), ("imagenet", 16), ("imagenet", 8), ("cifar", 4)])
@pytest.mark.parametrize("size", [(64, 96), (75, 50)])
def test_channels_and_strides_are_known_without_a_forward_pass(stem, output_stride, size):
    backbone = build(stem=stem, output_stride=output_stride, out_indices=["stem", 0, 1, 2]).eval()
    with torch.no_grad():
        maps = backbone(torch.rand(1, 3, *size))
    assert len(maps) == 4
    for out, channels, stride in zip(maps, backbone.out_channels, backbone.out_strides):
        assert out.shape == (1, channels, -(-size[0] // stride), -(-size[1] // stride))


def test_defaults_are_a_published_network():
    backbone = ChainBackbone()
    assert backbone.chain == CHAINS["macro_micro_cifar10_t"]
    assert (backbone.out_channels, backbone.out_strides) == ((46, 92, 184), (8, 16, 32))


def test_dilated_weights_are_the_strided_ones():
    """At the positions that the strided network keeps, the dilated one gives the same map."""
    strided, dilated = build(out_indices=(2,)).eval(), build(out_indices=(2,), output_stride=8).eval()
    dilated.load_state_dict(strided.state_dict())
    images = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        coarse, fine = strided(images)[0], dilated(images)[0]
    torch.testing.assert_close(fine[..., ::4, ::4], coarse, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("indices", [("stem",), (0,), (0, 1)])
def test_what_no_map_depends_on_is_not_trained(indices):
    backbone = build(out_indices=indices)
    sum(out.sum() for out in backbone(torch.rand(2, 3, 64, 64))).backward()
    for parameter in backbone.parameters():
        assert (parameter.grad is not None) == parameter.requires_grad


@pytest.mark.parametrize("frozen_stages", [-1, 0, 1, 3])
def test_frozen_stages(frozen_stages):
    backbone = build(frozen_stages=frozen_stages).train()
    frozen = {
        name.split(".")[0] + "." + name.split(".")[1] for name, p in backbone.named_parameters() if not p.requires_grad
    }
    stem = {f"stem0.{i}" for i in (0, 1, 3, 4)} | {f"stem1.{i}" for i in (1, 2)}
    assert frozen == (stem if frozen_stages >= 0 else set()) | {f"layers.{i}" for i in range(2 * max(frozen_stages, 0))}


def test_norm_eval_and_norm_cfg():
    backbone = build(norm_eval=True).train()
    assert not any(m.training for m in backbone.modules() if isinstance(m, nn.BatchNorm2d))
    grouped = build(norm_cfg=dict(type="GN", num_groups=2))
    assert not any(isinstance(m, nn.BatchNorm2d) for m in grouped.modules())


def test_with_cp_gives_the_same_gradients():
    plain, saving = build().train(), build(with_cp=True).train()
    saving.load_state_dict(plain.state_dict())
    images = torch.rand(2, 3, 64, 64)
    for backbone in (plain, saving):
        backbone(images)[-1].square().sum().backward()
    for a, b in zip(plain.parameters(), saving.parameters()):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-4)


def test_a_search_result_is_a_backbone_and_its_weights_load(tmp_path):
    chain = Chain(4, tuple(tuple(layer) for layer in CHAIN["layers"]))
    path = chain.save(tmp_path / "chain.json", {"seed": 1})
    first = build(chain=str(path))
    assert first.chain == chain
    torch.save({"state_dict": {f"backbone.{k}": v for k, v in first.state_dict().items()}}, tmp_path / "weights.pth")
    second = build(init_cfg=dict(type="Pretrained", checkpoint=str(tmp_path / "weights.pth")))
    second.init_weights()
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())
    wider = build(chain={**CHAIN, "width": 5}, init_cfg=second.init_cfg)
    with pytest.raises(UserError, match="does not fit ChainBackbone"):
        wider.init_weights()


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(out_indices=(2, 0)), "out_indices is \\(2, 0\\)"),
        (dict(frozen_stages=4), "frozen_stages is 4"),
        (dict(stem="vgg"), "stem is 'vgg'"),
        (dict(output_stride=4), "output_stride is 4; with the imagenet stem it must be one of \\[8, 16, 32\\]"),
        (dict(chain="resnet50"), "unknown chain 'resnet50'"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(UserError, match=message):
        build(**options)


@pytest.mark.parametrize(
    "name",
    [
        "ssd/ssd300_macro-micro-cifar10-t_120e_voc0712",
        "deeplabv3plus/deeplabv3plus_macro-micro-cifar10-t-d8_4xb2-80k_cityscapes-512x1024",
        "simple_baseline/td-hm_macro-micro-cifar10-t_1xb128-140e_coco-256x192",
    ],
)
def test_the_configs_give_maps_and_every_trained_parameter_a_gradient(name):
    config = read_config(str(CONFIGS / f"{name}.py"))
    DefaultScope.get_instance(name, scope_name=config.default_scope)
    model = revert_sync_batchnorm(MODELS.build(config.model)).train()
    assert isinstance(model.backbone, ChainBackbone)
    side = 300 if config.default_scope == "mmdet" else 64
    maps = model.extract_feat(torch.rand(2, 3, side, side))
    if config.default_scope == "mmdet":
        outputs = [*maps] + [out for outs in model.bbox_head(maps) for out in outs]
    elif config.default_scope == "mmseg":
        outputs = [model.decode_head(maps), model.auxiliary_head(maps)]
    else:
        outputs = [model.head(maps)]
    sum(output.square().mean() for output in outputs).backward()
    lacking = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not lacking
