"""Checkpoints of the original release: the round trip into our networks, every form they come in, what is written."""

import json

import pytest
import torch
from helpers.original_checkpoints import (
    SMALL,
    original_weights,
    rewired,
    same_weights,
    save_original,
    small_trunk,
    small_weights,
    without_counters,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file

from relnas_mm.architectures import GENOTYPES, Genotype, save_genotype
from relnas_mm.errors import UserError
from relnas_mm.models import CellBackbone, CellClassifier
from relnas_mm.models.checkpoints.conversion import convert_checkpoint
from relnas_mm.models.checkpoints.files import Checkpoint, read_checkpoint, writing_checkpoint
from relnas_mm.models.checkpoints.output import report_path, write_conversion
from relnas_mm.models.pretrained import load_pretrained

pytestmark = pytest.mark.mm


def classifier(classes=10, auxiliary_weight=0.4, **backbone):
    return CellClassifier({"type": "CellBackbone", **SMALL, **backbone}, classes, auxiliary_weight)


def converted(source, path, target="backbone", genotype=None):
    conversion = convert_checkpoint(str(source), target, genotype)
    write_conversion(conversion, path)
    return conversion


# ---- the reference networks, at full size

RELEASED = {
    # genotype, channels, cells, stem, classes, auxiliary: names in all, names and parameters of the backbone
    ("relativenas", 46, 14, "imagenet", 1000, True): (1362, 1351, 4_313_029),
    ("darts_v2", 48, 14, "imagenet", 1000, False): (1124 - 9, 1124 - 9 - 2, 3_949_752),
    ("relativenas", 36, 20, "cifar", 10, True): (1972, 1956, 3_928_222 - 5_770),
    ("darts_v2", 36, 20, "cifar", 100, True): (1650, 1634, 3_401_272 - 57_700),
}


@pytest.mark.golden
@pytest.mark.parametrize("network", RELEASED, ids=lambda n: "-".join(map(str, n)))
def test_reference_networks(network, tmp_path):
    """Written with the release's names, converted without naming the cells, the features are equal to the last bit."""
    genotype, channels, depth, stem, classes, auxiliary = network
    total, names, parameters = RELEASED[network]
    source, trunk = save_original(
        tmp_path / "original.pt", classes, auxiliary, genotype=genotype, channels=channels, depth=depth, stem=stem
    )
    conversion = converted(source, tmp_path / "backbone.safetensors")
    assert len(conversion.kept) + len(conversion.dropped) == total and len(conversion.kept) == names
    assert conversion.genotype == genotype and not conversion.added and not conversion.missing

    init_cfg = dict(type="Pretrained", checkpoint=str(tmp_path / "backbone.safetensors"))
    backbone = CellBackbone(genotype, channels, depth, stem, init_cfg=init_cfg).eval()
    backbone.init_weights()
    assert len(backbone.state_dict()) == names and sum(p.numel() for p in backbone.parameters()) == parameters
    image = torch.rand(1, 3, *((64, 64) if stem == "imagenet" else (16, 16)))
    with torch.no_grad():
        outputs = list(trunk.forward_body(*trunk.forward_stem(image)))
        ends = (depth // 3 - 1, 2 * depth // 3 - 1, depth - 1)
        assert ends == ((3, 8, 13) if stem == "imagenet" else (5, 12, 19))
        for end, features in zip(ends, backbone(image), strict=True):
            assert torch.equal(outputs[end], features)


@pytest.mark.golden
@pytest.mark.parametrize("genotype, channels, depth, stem, classes, total", [
    ("relativenas", 46, 14, "imagenet", 1000, 1362),
    ("relativenas", 36, 20, "cifar", 10, 1972),
])  # fmt: skip
def test_reference_classifiers(genotype, channels, depth, stem, classes, total, tmp_path):
    source, _ = save_original(
        tmp_path / "original.pt", classes, genotype=genotype, channels=channels, depth=depth, stem=stem
    )
    conversion = converted(source, tmp_path / "classifier.pth", "classifier")
    assert len(conversion.kept) == total and not conversion.dropped
    network = classifier(classes, genotype=genotype, init_channels=channels, num_cells=depth, stem=stem)
    network.load_state_dict(torch.load(tmp_path / "classifier.pth", weights_only=True)["state_dict"], strict=True)
    assert any("sorted" in warning for warning in conversion.warnings) == (classes == 1000)


# ---- the forms a checkpoint comes in

WRAPPED = {
    "bare": lambda weights: weights,
    "wrapped": lambda weights: {"state_dict": weights},
    "DARTS": lambda weights: {
        "epoch": 250, "state_dict": weights, "best_acc_top1": torch.tensor(73.3), "optimizer": {"state": {}},
    },
    "model": lambda weights: {"model": weights, "epoch": 1},
    "net in state_dict": lambda weights: {"state_dict": {"net": weights}},
}  # fmt: skip


PREFIXES = st.lists(st.sampled_from(["module.", "backbone.", "_orig_mod.", "model."]), max_size=3).map("".join)
FORMS = st.fixed_dictionaries({
    "wrap": st.sampled_from(sorted(WRAPPED)),
    "prefix": PREFIXES,
    "counters": st.booleans(),
    "auxiliary": st.booleans(),
    "zipped": st.booleans(),
    "others": st.booleans(),
    "stem": st.sampled_from(["imagenet", "cifar"]),
    "genotype": st.sampled_from(sorted(GENOTYPES)),
    "target": st.sampled_from(["backbone", "classifier"]),
})  # fmt: skip


@given(form=FORMS)
@settings(max_examples=10, deadline=None, phases=[Phase.generate])
def test_every_form_is_read(tmp_path_factory, form):
    path = tmp_path_factory.mktemp("form") / "x.pt"
    genotype, stem, prefix, auxiliary = form["genotype"], form["stem"], form["prefix"], form["auxiliary"]
    trunk = small_trunk(genotype, stem)
    weights = original_weights(trunk, 5, auxiliary, prefix)
    if form["others"]:  # what the thop profiler and detectors leave in a file
        weights |= {f"{prefix}total_ops": torch.zeros(1), f"{prefix}cells.0._ops.0.total_ops": torch.zeros(1)}
        weights |= {"neck.conv.weight": torch.zeros(1)}
    weights = weights if form["counters"] else without_counters(weights)
    torch.save(WRAPPED[form["wrap"]](weights), path, _use_new_zipfile_serialization=form["zipped"])

    conversion = convert_checkpoint(str(path), form["target"], genotype)
    ours = conversion.checkpoint.weights
    front = "backbone." if form["target"] == "classifier" else ""
    for key, value in trunk.state_dict().items():
        zeroed = key.endswith("num_batches_tracked") and not form["counters"]
        assert torch.equal(ours[front + key], torch.zeros_like(value) if zeroed else value)
    assert set(conversion.kept) | set(conversion.dropped) == set(weights)
    assert set(conversion.kept.values()) | set(conversion.added) == set(ours)
    assert bool(conversion.added) == (not form["counters"])
    network = CellBackbone(genotype, **SMALL, stem=stem)
    report = load_pretrained(network, path)
    assert not report["missing"] and bool(report["added"]) == (not form["counters"])
    assert report["unexpected"] == (["neck.conv.weight"] if form["others"] else [])
    if form["target"] == "classifier":
        network = classifier(5, 0.4 * auxiliary, genotype=genotype, stem=stem)
        assert bool(conversion.missing) == (not auxiliary)
        assert any("auxiliary_weight=0" in warning for warning in conversion.warnings) == (not auxiliary)
    network.load_state_dict(dict(ours), strict=True)


@given(data=st.data())
@settings(max_examples=10, deadline=None, phases=[Phase.generate])
def test_a_file_that_lacks_weights_is_never_converted(tmp_path_factory, data):
    weights = without_counters(small_weights())
    needed = [key for key in weights if key.startswith(("stem", "cells"))]
    lost = data.draw(st.sets(st.sampled_from(needed), min_size=1, max_size=5))
    path = tmp_path_factory.mktemp("part") / "x.pth"
    torch.save({key: value for key, value in weights.items() if key not in lost}, path)
    with pytest.raises(UserError, match=r"x\.pth") as caught:
        convert_checkpoint(str(path), genotype="relativenas")
    cells = {key for key in lost if key.startswith("cells")}
    assert not cells or "cell" in str(caught.value)
    if cells:
        with pytest.raises(UserError, match=r"x\.pth.*cell"):
            load_pretrained(CellBackbone(**SMALL), str(path))


def test_files_of_the_torch_that_darts_used(tmp_path, monkeypatch):
    """torch 0.3: neither zipped nor with counters, and tensors are rebuilt by an older function."""
    trunk = small_trunk("darts_v2", "cifar")

    def reduced(tensor, protocol):
        storage = torch.storage.TypedStorage(wrap_storage=tensor.untyped_storage(), dtype=tensor.dtype, _internal=True)
        return torch._utils._rebuild_tensor, (storage, tensor.storage_offset(), tuple(tensor.size()), tensor.stride())

    with monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "__reduce_ex__", reduced)
        weights = without_counters(original_weights(trunk, prefix=""))
        torch.save(weights, tmp_path / "x.pt", _use_new_zipfile_serialization=False)
    assert b"_rebuild_tensor\n" in (tmp_path / "x.pt").read_bytes()
    conversion = convert_checkpoint(str(tmp_path / "x.pt"))
    assert conversion.genotype == "darts_v2" and conversion.added
    for key, value in without_counters(trunk.state_dict()).items():
        assert torch.equal(conversion.checkpoint.weights[key], value)


def test_darts_names_its_7x1_convolution_without_op(tmp_path):
    """A bare nn.Sequential there: `_ops.8.1.weight`, where all other operations have `_ops.8.op.1.weight`."""
    trunk = small_trunk("amoebanet", "cifar")
    weights = original_weights(trunk, prefix="")
    renamed = {key.replace("_ops.8.op.", "_ops.8.") if "cells.2." in key or "cells.4." in key else key: value
               for key, value in weights.items()}  # fmt: skip
    assert any("_ops.8.1.weight" in key for key in renamed)
    torch.save(renamed, tmp_path / "darts.pt")
    conversion = convert_checkpoint(str(tmp_path / "darts.pt"))
    assert conversion.genotype == "amoebanet"
    CellBackbone("amoebanet", **SMALL, stem="cifar").load_state_dict(conversion.checkpoint.weights, strict=True)
    backbone = CellBackbone("amoebanet", **SMALL, stem="cifar")
    assert not load_pretrained(backbone, str(tmp_path / "darts.pt"))["missing"]
    assert same_weights(backbone, trunk.state_dict())


# ---- what is written


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_converted_files_say_what_they_are(ending, tmp_path):
    source, trunk = save_original(tmp_path / "original.pt", 7)
    path = tmp_path / "new" / f"converted{ending}"
    conversion = converted(source, path, "classifier")
    if ending == ".pth":
        content = torch.load(path, weights_only=True)
        weights, meta = content["state_dict"], content["meta"]
        genotype = meta["genotype"]
    else:
        weights = load_file(path)
        with safe_open(path, "pt") as file:
            meta = file.metadata()
        genotype = json.loads(meta["genotype"])
        meta = meta | {key: int(meta[key]) for key in ("init_channels", "num_cells", "num_classes")}
    assert Genotype.from_dict(genotype) == GENOTYPES["relativenas"]
    assert (meta["stem"], meta["init_channels"], meta["num_cells"], meta["num_classes"]) == ("imagenet", 4, 6, 7)
    assert meta["source"] == "original.pt" and len(meta["source_sha256"]) == 64
    assert same_weights(classifier(7), weights) is False
    network = classifier(7)
    network.load_state_dict(weights, strict=True)
    assert same_weights(network.backbone, trunk.state_dict())

    report = json.loads(report_path(path).read_text())
    assert report["kept"] == dict(conversion.kept) and report["counts"]["kept"] == len(weights)
    # What was converted converts again: the classifier to a backbone, by the genotype it carries.
    again = convert_checkpoint(str(path))
    assert again.genotype == "relativenas" and same_weights(trunk, again.checkpoint.weights)
    assert len(again.dropped) == 9 + 2
    assert {file.name for file in path.parent.iterdir()} == {path.name, path.name + ".report.json"}


def test_nothing_is_half_written(tmp_path, monkeypatch):
    path = tmp_path / "x.pth"
    path.write_text("earlier")
    source, _ = save_original(tmp_path / "original.pt")
    conversion = convert_checkpoint(source)

    def full_disk(content, file):
        with open(file, "w") as half:
            half.write("half")
        raise RuntimeError("[enforce fail at inline_container.cc] unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(UserError, match=r"x\.pth' cannot be written"):
        write_conversion(conversion, path)
    monkeypatch.undo()
    (tmp_path / "x.pth.report.json").mkdir()  # the report cannot take its place
    with pytest.raises(UserError, match=r"x\.pth' cannot be written"):
        write_conversion(conversion, path)
    assert path.read_text() == "earlier"
    assert {file.name for file in tmp_path.iterdir()} == {"x.pth", "x.pth.report.json", "original.pt"}
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_conversion(conversion, tmp_path / "file" / "x.pth")


def test_views_and_other_memory_formats_are_written(tmp_path):
    base = torch.arange(24.0).reshape(1, 2, 3, 4)
    weights = {"a": base, "b": base[:, :1], "c": base.to(memory_format=torch.channels_last), "d": base.half()}
    for ending in (".pth", ".safetensors"):
        path = tmp_path / f"x{ending}"
        with writing_checkpoint(path, Checkpoint(weights, {"n": 3})):
            assert not path.exists()
        read = read_checkpoint(str(path))
        assert read.weights.keys() == weights.keys() and json.loads(str(read.meta["n"])) == 3
        assert all(torch.equal(read.weights[key], weights[key]) for key in weights)


# ---- which genotype


def test_several_that_fit_are_a_question(tmp_path, monkeypatch):
    source, _ = save_original(tmp_path / "release.pt")
    converted(source, tmp_path / "b.pth")
    monkeypatch.setitem(GENOTYPES, "rewired", rewired(GENOTYPES["relativenas"]))
    with pytest.raises(
        UserError, match=r"several genotypes fit .*release\.pt' .*, relativenas, rewired: .*the right one"
    ):
        convert_checkpoint(source)
    assert convert_checkpoint(source, genotype="rewired").genotype == "rewired"
    assert convert_checkpoint(str(tmp_path / "b.pth")).genotype == "relativenas"
    monkeypatch.setitem(GENOTYPES, "rewired", GENOTYPES["relativenas"])  # two names of one graph are no question
    assert convert_checkpoint(source).genotype == "relativenas"


@pytest.mark.parametrize("genotype, stem", list(zip(sorted(GENOTYPES), ["imagenet", "cifar"] * 3)))
def test_each_cell_of_the_zoo_is_told_from_the_others(genotype, stem, tmp_path):
    source, _ = save_original(tmp_path / "x.pt", genotype=genotype, stem=stem, depth=4)
    conversion = convert_checkpoint(source)
    assert (conversion.genotype, conversion.network.stem) == (genotype, stem)
    assert (conversion.network.init_channels, conversion.network.num_cells) == (4, 4)


def test_cells_of_ones_own(tmp_path):
    mine = Genotype(
        normal=(("sep_conv_5x5", 0), ("sep_conv_5x5", 1), *GENOTYPES["relativenas"].normal[2:]),
        reduce=GENOTYPES["relativenas"].reduce,
    )
    source, trunk = save_original(tmp_path / "mine.pt", genotype=mine)
    with pytest.raises(UserError, match=r"no genotype of the zoo fits .*mine\.pt' \(stem imagenet, init_channels 4, "
                       r"num_cells 6\); of the nearest, relativenas, cells 0-1, 3 and 5 differ: cells\.0\._ops\.0 is "
                       r"sep_conv_5x5 in the file but sep_conv_3x3 there; name the file"):  # fmt: skip
        convert_checkpoint(source)
    save_genotype(mine, tmp_path / "mine.json")
    conversion = converted(source, tmp_path / "mine.safetensors", genotype=str(tmp_path / "mine.json"))
    assert same_weights(trunk, conversion.checkpoint.weights)
    assert Genotype.from_dict(convert_checkpoint(str(tmp_path / "mine.safetensors")).genotype) == mine
