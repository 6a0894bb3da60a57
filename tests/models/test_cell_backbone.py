"""CellBackbone: the contract that mm necks and heads rely on."""

import pytest
import torch
from mmengine.registry import MODELS
from safetensors.torch import save_file
from torch import nn

import relnas_mm  # noqa: F401
from relnas_mm.architectures import GENOTYPES, save_genotype
from relnas_mm.errors import UserError
from relnas_mm.models import CellBackbone

pytestmark = pytest.mark.mm

SMALL = dict(type="CellBackbone", init_channels=4, num_cells=6)


def build(**options):
    return MODELS.build({**SMALL, **options})


@pytest.mark.parametrize("scope", ["mmengine", "mmdet", "mmseg", "mmpose"])
def test_every_scope_resolves_it(scope):
    registry = __import__(f"{scope}.registry", fromlist=["MODELS"]).MODELS
    assert isinstance(registry.build(SMALL), CellBackbone)


@pytest.mark.parametrize("genotype", GENOTYPES)
@pytest.mark.parametrize("stem, output_stride", [("imagenet", 32), ("imagenet", 16), ("imagenet", 8), ("cifar", 32)])
@pytest.mark.parametrize("size", [(64, 96), (75, 50)])
def test_channels_and_strides_are_known_without_a_forward_pass(genotype, stem, output_stride, size):
    backbone = build(genotype=genotype, stem=stem, output_stride=output_stride, out_indices=["stem", 0, 1, 2]).eval()
    with torch.no_grad():
        maps = backbone(torch.rand(1, 3, *size))
    assert len(maps) == 4
    for out, channels, stride in zip(maps, backbone.out_channels, backbone.out_strides):
        assert out.shape == (1, channels, -(-size[0] // stride), -(-size[1] // stride))


def test_defaults_are_the_published_backbone():
    backbone = MODELS.build(dict(type="CellBackbone"))
    assert sum(p.numel() for p in backbone.parameters()) == 4_313_029
    assert len(backbone.state_dict()) == 1351
    assert backbone.out_channels == (184, 368, 736) and backbone.out_strides == (8, 16, 32)


@pytest.mark.parametrize("indices", [(0,), (1, 2), (2,), ("stem",), ("stem", 2)])
def test_a_choice_of_maps_is_part_of_all_maps(indices):
    torch.manual_seed(0)
    everything = build(out_indices=("stem", 0, 1, 2)).eval()
    some = build(out_indices=indices).eval()
    some.load_state_dict(everything.state_dict())
    x = torch.rand(1, 3, 64, 64)
    order = ("stem", 0, 1, 2)
    with torch.no_grad():
        full = everything(x)
        for index, out in zip(indices, some(x), strict=True):
            assert torch.equal(out, full[order.index(index)])


@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
@pytest.mark.parametrize("frozen_stages", range(-1, 4))
def test_frozen_stages(stem, frozen_stages):
    backbone = build(genotype="darts_v2", stem=stem, frozen_stages=frozen_stages).train()  # it reads both of its inputs
    frozen = {name.split(".")[0] + name.split(".")[1] * name.startswith("cells") for name, p in
              backbone.named_parameters() if not p.requires_grad}  # fmt: skip
    stems = {"stem"} if stem == "cifar" else {"stem0", "stem1"}
    expected = set() if frozen_stages < 0 else stems | {f"cells{i}" for i in range(2 * frozen_stages)}
    assert frozen == expected
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    backbone(torch.rand(2, 3, 64, 64))
    moved = {key for key, value in backbone.state_dict().items() if not torch.equal(value, before[key])}
    assert moved or frozen_stages == 3
    for key in moved:
        assert key.split(".")[0] + key.split(".")[1] * key.startswith("cells") not in expected


def test_norm_eval_and_norm_cfg():
    backbone = build(norm_eval=True).train()
    norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms and not any(m.training for m in norms) and backbone.cells[0].training
    grouped = build(norm_cfg=dict(type="GN", num_groups=2))
    assert any(isinstance(m, nn.GroupNorm) for m in grouped.modules())
    assert not any(isinstance(m, nn.BatchNorm2d) for m in grouped.modules())
    still = build(norm_cfg=dict(type="BN", requires_grad=False))
    assert all(not p.requires_grad for m in still.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())


def test_drop_path_only_in_training():
    backbone = build(drop_path_rate=0.5)
    x = torch.rand(2, 3, 64, 64)
    backbone.eval()
    assert torch.equal(backbone(x)[2], backbone(x)[2])
    backbone.norm_eval = True
    backbone.train()
    assert not torch.equal(backbone(x)[2], backbone(x)[2])


def test_with_cp_gives_the_same_gradients():
    grads = []
    for with_cp in (False, True):
        torch.manual_seed(0)
        backbone = build(with_cp=with_cp, drop_path_rate=0.2).double().train()
        sum(out.square().mean() for out in backbone(torch.rand(2, 3, 64, 64, dtype=torch.double))).backward()
        grads.append({name: p.grad for name, p in backbone.named_parameters()})
    for name, grad in grads[0].items():
        assert (grad is None) == (grads[1][name] is None)
        assert grad is None or torch.allclose(grad, grads[1][name], atol=1e-11)


def test_genotype_from_a_file_or_a_mapping(tmp_path):
    path = save_genotype(GENOTYPES["darts_v2"], tmp_path / "genotype.json")
    keys = build(genotype="darts_v2").state_dict().keys()
    assert build(genotype=str(path)).state_dict().keys() == keys
    assert build(genotype=GENOTYPES["darts_v2"].to_dict()).state_dict().keys() == keys
    (text := tmp_path / "found.txt").write_text(f"INFO genotype = {GENOTYPES['darts_v2']}\n")
    for source in (str(text), text.read_text()):
        assert build(genotype=source).state_dict().keys() == keys


BAD = [
    (dict(genotype="resnet"), "unknown genotype 'resnet'"),
    (dict(genotype="missing.json"), "does not exist"),
    (dict(genotype="missing.txt"), "does not exist"),
    (dict(genotype="x" * 5000), "unknown genotype 'xxx.*; use one of relativenas"),
    (dict(genotype=["darts_v2"]), "it must be a name, the path of a file or a mapping"),
    (dict(out_indices=(0, 3)), r"out_indices is \(0, 3\)"),
    (dict(out_indices=()), "out_indices"),
    (dict(out_indices=(2, 1)), "ascending"),
    (dict(out_indices=(1, 1)), "once"),
    (dict(out_indices=1), "out_indices is 1"),
    (dict(output_stride=4), r"output_stride is 4.*\[8, 16, 32\]"),
    (dict(output_stride=64), "output_stride is 64"),
    (dict(stem="vgg"), "stem is 'vgg'"),
    (dict(num_cells=2), "num_cells is 2"),
    (dict(drop_path_rate=1.0), "drop_path_rate is 1.0"),
    (dict(frozen_stages=4), "frozen_stages is 4"),
]


@pytest.mark.parametrize("options, message", BAD)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(UserError, match=message):
        build(**options)


# ---- weights


def original_checkpoint(backbone):
    """As the original release saves it: DataParallel prefix, auxiliary head and classifier."""
    state = {f"module.{key}": value for key, value in backbone.state_dict().items()}
    return state | {
        "module.classifier.weight": torch.zeros(10, 4),
        "module.auxiliary_head.classifier.bias": torch.zeros(10),
    }


@pytest.mark.parametrize("form", ["bare", "wrapped", "detector", "safetensors"])
def test_pretrained_weights_of_every_origin(form, tmp_path, caplog):
    source = build()
    state = source.state_dict()
    path = tmp_path / ("w.safetensors" if form == "safetensors" else "w.pth")
    prefix = None
    if form == "bare":
        torch.save(original_checkpoint(source), path)
    elif form == "wrapped":
        torch.save({"state_dict": original_checkpoint(source), "epoch": 3}, path)
    elif form == "detector":
        torch.save({"state_dict": {f"backbone.{k}": v for k, v in state.items()} | {"neck.w": torch.ones(1)}}, path)
        prefix = "backbone."
    else:
        save_file({k: v.contiguous() for k, v in state.items()}, path)
    init_cfg = dict(type="Pretrained", checkpoint=str(path)) | ({"prefix": prefix} if prefix else {})
    target = build(init_cfg=init_cfg)
    target.init_weights()
    assert all(torch.equal(value, state[key]) for key, value in target.state_dict().items())


def test_the_report_names_what_is_missing_and_what_is_not_expected(tmp_path):
    from relnas_mm.models.pretrained import load_pretrained

    source = build()
    weights = original_checkpoint(source)
    del weights["module.stem0.0.weight"]
    weights["module.extra.weight"] = torch.zeros(1)
    torch.save(weights, tmp_path / "w.pth")
    report = load_pretrained(build(), str(tmp_path / "w.pth"))
    assert report["missing"] == ["stem0.0.weight"] and report["unexpected"] == ["extra.weight"]
    assert report["dropped"] == ["auxiliary_head.classifier.bias", "classifier.weight"]
    assert len(report["loaded"]) == len(source.state_dict()) - 1


def test_bad_checkpoints(tmp_path):
    from relnas_mm.models.pretrained import load_pretrained

    backbone = build()
    before = backbone.state_dict()["stem0.0.weight"].clone()
    with pytest.raises(UserError, match="does not exist"):
        load_pretrained(backbone, str(tmp_path / "no.pth"))
    (tmp_path / "cut.pth").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(UserError, match=r"cut\.pth.*cannot be read"):
        load_pretrained(backbone, str(tmp_path / "cut.pth"))
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="holds none of"):
        load_pretrained(backbone, str(tmp_path / "other.pth"))
    torch.save(build(init_channels=8).state_dict(), tmp_path / "wide.pth")
    with pytest.raises(UserError, match="has shape"):
        load_pretrained(backbone, str(tmp_path / "wide.pth"))
    assert torch.equal(backbone.state_dict()["stem0.0.weight"], before)


class Evil:
    def __reduce__(self):
        return (print, ("run from a checkpoint",))


def test_code_in_a_checkpoint_is_refused(tmp_path, capsys):
    from relnas_mm.models.pretrained import load_pretrained

    torch.save({"state_dict": build().state_dict(), "evil": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(UserError, match=r"evil\.pth"):
        load_pretrained(build(), str(tmp_path / "evil.pth"))
    assert "run from" not in capsys.readouterr().out
