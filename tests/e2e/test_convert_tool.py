"""`tools/convert_checkpoint.py` as a user calls it: its output is what a config needs, refusals leave no trace."""

import json
import re
from pathlib import Path

import pytest
import torch
from helpers import ROOT, run_as_user
from helpers.original_checkpoints import save_original

TOOL = "tools/convert_checkpoint.py"
pytestmark = pytest.mark.e2e


@pytest.fixture
def convert(tool):
    """Runs the tool in this process; gives exit code, output and errors."""

    def run(*arguments):
        done = tool(TOOL, *arguments)
        return done.returncode, done.stdout, done.stderr

    return run


def built_from(output):
    """The network that the printed lines of a config build, with its weights loaded."""
    from mmengine.config import Config
    from mmengine.registry import MODELS

    import relnas_mm  # noqa: F401

    lines = re.search(r"^(?:model = |backbone=)dict\(.*", output, re.DOTALL | re.MULTILINE)
    (network,) = Config.fromstring(lines[0], ".py").values()
    built = MODELS.build(network)
    built.init_weights()
    return built


def test_a_reference_checkpoint_becomes_a_backbone(tmp_path):
    source, trunk = save_original(tmp_path / "cifar10_model.pt", genotype="darts_v2", stem="cifar")
    target = tmp_path / "weights" / "darts.safetensors"
    done = run_as_user(TOOL, source, target)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "genotype darts_v2, stem cifar, init_channels 4, num_cells 6, 10 classes, auxiliary head" in done.stdout
    rows = {line.split("  ")[0]: line.split()[-4:] for line in done.stdout.splitlines() if line[-1:].isdigit()}
    names = len(trunk.state_dict())
    assert list(rows) == ["stem", "cells 0-1", "cells 2-3", "cells 4-5", "auxiliary_head", "classifier", "all"]
    assert rows["all"] == [str(names), "16", "0", "0"] and rows["auxiliary_head"] == ["0", "14", "0", "0"]
    report = json.loads((tmp_path / "weights" / "darts.safetensors.report.json").read_text())
    assert len(report["kept"]) == names and "module.classifier.weight" in report["dropped"]
    built = built_from(done.stdout).state_dict()
    assert all(torch.equal(built[key], value) for key, value in trunk.state_dict().items())


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_a_reference_checkpoint_becomes_a_classifier(ending, convert, tmp_path):
    source, trunk = save_original(tmp_path / "imagenet_model.pt", classes=1000)
    code, out, _ = convert(source, tmp_path / f"classifier{ending}", "--to", "classifier", "--genotype", "relativenas")
    assert code == 0 and re.search(r"^warning: .*classes of ImageNet.*not always sorted", out, re.MULTILINE)
    built = built_from(out)
    assert built.num_classes == 1000
    assert torch.equal(built.backbone.state_dict()["stem0.0.weight"], trunk.state_dict()["stem0.0.weight"])
    assert torch.equal(
        built.auxiliary_head.classifier.weight,
        torch.load(source, weights_only=True)["module.auxiliary_head.classifier.weight"],
    )


REFUSED = {
    "ending": (["{source}", "x.ckpt"], r"the destination '.*x\.ckpt' ends in '\.ckpt'; allowed are '\.pth' and '\.saf"),
    "no ending": (["{source}", "x"], r"the destination '.*x' ends in ''; allowed are"),
    "missing": (["no.pt", "x.pth"], r"the checkpoint 'no\.pt' does not exist"),
    "genotype": (
        ["{source}", "x.pth", "--genotype", "darts_v2"],
        r"original\.pt' does not fit genotype 'darts_v2': cells 0-5 differ: cells\.0\._ops\.1 is dil_conv_5x5 in the ",
    ),
    "unknown genotype": (["{source}", "x.pth", "--genotype", "resnet"], "unknown genotype 'resnet'"),
    "not a checkpoint": ([str(ROOT / "LICENSE"), "x.pth"], "LICENSE' cannot be read: it is damaged or no checkpoint"),
    "itself": (["{source}", "original.pth", "--force"], "is the checkpoint to convert; name another file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_sentence_and_leave_no_trace(case, convert, tmp_path):
    source, _ = save_original(tmp_path / "original.pt")
    if case == "itself":
        source = str(Path(source).rename(tmp_path / "original.pth"))
    (given, target, *options), sentence = REFUSED[case]
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, out, err = convert(given.format(source=source), tmp_path / target, *options)
    assert code == 2 and not out and err.count("\n") == 1
    assert err.startswith("error: ") and re.search(sentence, err), err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_existing_file_is_replaced_only_with_force(convert, tmp_path):
    source, _ = save_original(tmp_path / "original.pt")
    target, report = tmp_path / "x.pth", tmp_path / "x.pth.report.json"
    for mine in (target, report):
        mine.write_text("mine")
        code, _, err = convert(source, target)
        assert code == 2 and f"'{mine}' exists; name another file, or overwrite it with --force" in err
        assert mine.read_text() == "mine"
        assert {path.name for path in tmp_path.iterdir()} == {"original.pt", mine.name}
        mine.unlink()
    target.write_text("mine")
    assert convert(source, target, "--force")[0] == 0
    assert torch.load(target, weights_only=True)["meta"]["genotype"]["concat"] == [2, 3, 4, 5] and report.is_file()
    (tmp_path / "folder.pth").mkdir()
    code, _, err = convert(source, tmp_path / "folder.pth", "--force")
    assert code == 2 and "folder.pth' is a folder" in err
    code, _, err = convert(source, f"{tmp_path}/new.pth/")
    assert code == 2 and err == f"error: the destination '{tmp_path}/new.pth/' is a folder; name a file\n"
    code, _, err = convert(source, target / "new.pth")
    assert code == 2 and err.startswith(f"error: the destination '{target}/new.pth' cannot be written: ")
    assert convert(source, tmp_path / "new" / "deep" / "x.pth")[0] == 0
