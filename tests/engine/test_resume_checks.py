"""A checkpoint that training cannot start from is named before the work."""

import re

import pytest
import torch
from mmengine.config import Config
from test_hooks import Seen, runner

from relnas_mm.engine.resume import check_start, different_optimizer
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm
COMPLETE = {"state_dict": {}, "meta": {"epoch": 1, "iter": 2}, "message_hub": {}}


def start(folder, **settings):
    check_start(Config({"work_dir": str(folder), **settings}))


def test_what_is_fine(tmp_path):
    start(tmp_path)
    start(tmp_path / "none yet", resume=True)
    start(tmp_path, resume=True, load_from="https://example.com/x.pth")
    torch.save(COMPLETE, tmp_path / "x.pth")
    start(tmp_path, resume=True, load_from=str(tmp_path / "x.pth"))
    (tmp_path / "last_checkpoint").write_text(str(tmp_path / "x.pth"))
    start(tmp_path, resume=True, load_from=None)
    torch.save({"weight": torch.zeros(1)}, tmp_path / "weights.pth")
    start(tmp_path, load_from=str(tmp_path / "weights.pth"))


def test_what_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"^the checkpoint 'no\.pth' \(load_from\) does not exist"):
        start(tmp_path, load_from="no.pth")
    with pytest.raises(UserError, match=r"^the checkpoint '/tmp' \(--resume\) is a folder; name .* --resume FILE$"):
        start(tmp_path, load_from="/tmp", resume=True)
    (path := tmp_path / "x.pth").write_text("no checkpoint")
    with pytest.raises(UserError, match=r"x\.pth' cannot be read: it is damaged or no checkpoint"):
        start(tmp_path, load_from=str(path), resume=True)


@pytest.mark.parametrize(
    "content, missing",
    [
        ([1], "state_dict, meta, message_hub"),
        ({"weight": torch.zeros(1)}, "state_dict, meta, message_hub"),
        ({**COMPLETE, "meta": {"epoch": 1}}, r"meta\.iter"),
    ],
)
def test_weights_alone_cannot_be_resumed(content, missing, tmp_path):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(UserError, match=rf"x\.pth' lacks {missing}; --resume takes a checkpoint that tools/train\.py"):
        start(tmp_path, load_from=str(tmp_path / "x.pth"), resume=True)


def test_a_model_of_another_kind_is_not_resumed(tmp_path):
    hook = dict(type="CheckpointFitHook")
    runner(tmp_path, Seen(), hook).train()
    start(tmp_path, resume=True)
    path = tmp_path / "epoch_1.pth"
    content = torch.load(path)
    shape = r"layer\.weight is \(5, 3, 3, 3\) in the checkpoint and \(2, 3, 3, 3\)"
    names = {"layer.weight": torch.zeros(2, 3, 3, 3), "layer.a": torch.zeros(1), "layer.b": torch.zeros(1)}
    for epochs, weights, reason in (
        (3, {"layer.weight": torch.zeros(5, 3, 3, 3)}, shape),
        (4, names, r"it lacks layer\.bias, it holds the unknown layer\.a and 1 more"),
    ):
        torch.save({**content, "state_dict": weights}, path)
        again = runner(tmp_path, seen := Seen(), hook, resume=True, epochs=epochs)
        with pytest.raises(UserError, match=f"^the checkpoint to resume from does not fit the config: {reason}"):
            again.train()
        assert seen.events == []
    torch.save(content, path)
    runner(tmp_path, seen := Seen(), hook, resume=True, epochs=5).train()
    assert seen.events


def optimizer(name, parameters=1, **settings):
    return getattr(torch.optim, name)([torch.nn.Parameter(torch.zeros(2)) for _ in range(parameters)], **settings)


@pytest.mark.parametrize(
    "found, wanted, reason",
    [
        (optimizer("SGD"), optimizer("SGD", momentum=0.9), ""),
        (optimizer("Adam"), optimizer("AdamW"), ""),
        (optimizer("SGD"), optimizer("AdamW"), "^its optimizer has dampening, momentum, nesterov, not .*betas, .*eps"),
        (
            optimizer("SGD", 3),
            optimizer("SGD", 2),
            "^its optimizer has 3 .* in 1 groups, not 2 parameters",
        ),
    ],
)
def test_optimizers(found, wanted, reason):
    assert re.search(reason or "^$", different_optimizer(found.state_dict(), wanted.state_dict()))
    del (older := found.state_dict())["param_groups"][0]["foreach"]  # as a version of torch before it was added
    assert re.search(reason or "^$", different_optimizer(older, wanted.state_dict()))
    assert different_optimizer({}, wanted.state_dict()) == ""
