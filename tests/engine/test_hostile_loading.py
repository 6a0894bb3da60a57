"""Checkpoints that MMEngine loads: whatever is wrong with them ends in one sentence, and no code of theirs is run."""

import os
import zipfile

import pytest
import torch
from mmengine.model import BaseModule
from mmengine.runner.checkpoint import CheckpointLoader, load_checkpoint

import relnas_mm  # noqa: F401
from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.conversion import convert_checkpoint
from relnas_mm.models.checkpoints.files import MAX_DEPTH, read_checkpoint

pytestmark = pytest.mark.mm


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/relnas-was-here",)


class Backbone(BaseModule):
    def __init__(self, checkpoint):
        super().__init__({"type": "Pretrained", "checkpoint": str(checkpoint)})
        self.layer = torch.nn.Linear(1, 1)


def sentence(call, *arguments):
    with pytest.raises(UserError) as error:
        call(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_pickled_code_is_named_and_not_run(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"state_dict": {}, "x": Evil()}, path)
    model = torch.nn.Linear(1, 1)
    for call in (
        lambda: CheckpointLoader.load_checkpoint(str(path)),
        lambda: load_checkpoint(model, str(path)),
        lambda: Backbone(path).init_weights(),
        lambda: convert_checkpoint(str(path)),
    ):
        said = sentence(call)
        assert said == (
            f"the checkpoint '{path}' cannot be read: it holds pickled code (posix.system), which is never run; "
            "save the state dict alone"
        )
    assert not os.path.exists("/tmp/relnas-was-here")


def test_weights_load_as_before(tmp_path):
    path = tmp_path / "a.pth"
    model = torch.nn.Linear(1, 1)
    torch.save({"state_dict": model.state_dict(), "meta": None}, path)
    loaded = load_checkpoint(torch.nn.Linear(1, 1), str(path), strict=True)
    assert torch.equal(loaded["state_dict"]["weight"], model.weight)
    Backbone(path).init_weights()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1], "holds a list; it must hold weights by name"),
        (torch.zeros(1), "holds a Tensor"),
        ({"state_dict": [1]}, "'state_dict' of the checkpoint .* is a list; it must be a mapping"),
        ({"state_dict": {}, "meta": "a"}, "'meta' of the checkpoint .* is a str"),
        ({"state_dict": {}, "optimizer": [1]}, "'optimizer' of the checkpoint .* is a list"),
    ],
)
def test_parts_of_another_kind_are_named(content, says, tmp_path):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(UserError, match=says):
        CheckpointLoader.load_checkpoint(str(tmp_path / "a.pth"))


def test_files_that_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(1 << 24))
    assert "a pipe or a device" in sentence(read_checkpoint, str(tmp_path / "pipe.pth"))
    assert "expand to 16777216" in sentence(read_checkpoint, str(tmp_path / "bomb.pth"))
    assert "expand to 16777216" in sentence(CheckpointLoader.load_checkpoint, str(tmp_path / "bomb.pth"))
    for name in ("no.pth", "~nobody-of-this-name/no.pth"):
        assert "does not exist" in sentence(CheckpointLoader.load_checkpoint, name)


def test_wrappers_without_end(tmp_path):
    path = str(tmp_path / "a.pth")
    cycle = {}
    cycle["state_dict"] = cycle
    torch.save(cycle, path)
    assert f"holds no weights within {MAX_DEPTH} levels" in sentence(read_checkpoint, path)
    weights = {"w": torch.zeros(1)}
    for _ in range(MAX_DEPTH):
        weights = {"model": weights}
    torch.save(weights, path)
    assert list(read_checkpoint(path).weights) == ["w"]


def test_names_of_another_kind(tmp_path):
    torch.save({"x" * 20_000: 1, 3: 2}, tmp_path / "a.pth")
    assert len(sentence(read_checkpoint, str(tmp_path / "a.pth"))) < 400
