"""Tools that are given a checkpoint with pickled code end in one sentence, wherever they load it."""

import os

import pytest
import torch
from helpers import run_tool, write_cifar10
from test_classification_tools import MINI, TINY

pytestmark = pytest.mark.e2e


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/relnas-was-here",)


@pytest.fixture(scope="module")
def cifar(tmp_path_factory):
    return str(write_cifar10(tmp_path_factory.mktemp("cifar"), images_per_batch=20))


@pytest.mark.parametrize("place", ["load_from", "resume", "init_cfg", "test"])
def test_pickled_code_is_one_sentence(place, cifar, tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"state_dict": {}, "meta": {"epoch": 1, "iter": 1}, "message_hub": {}, "x": Evil()}, path)
    arguments = {
        "load_from": ("tools/train.py", MINI, "--cfg-options", *TINY, f"load_from={path}"),
        "resume": ("tools/train.py", MINI, "--resume", path, "--cfg-options", *TINY),
        "init_cfg": (
            *("tools/train.py", MINI, "--cfg-options", *TINY),
            *("model.backbone.init_cfg.type=Pretrained", f"model.backbone.init_cfg.checkpoint={path}"),
        ),
        "test": ("tools/test.py", MINI, path, "--cfg-options", *TINY),
    }[place]
    done = run_tool(*arguments, "--work-dir", tmp_path / "run", CIFAR10_ROOT=cifar)
    assert done.returncode == 2, done.stderr[-3000:]
    assert "Traceback" not in done.stderr and not os.path.exists("/tmp/relnas-was-here")
    sentence = "it holds pickled code (posix.system), which is never run; save the state dict alone"
    assert done.stderr.strip().splitlines()[-1] == f"error: the checkpoint '{path}' cannot be read: {sentence}"
