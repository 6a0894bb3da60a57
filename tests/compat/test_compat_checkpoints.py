"""mmengine's own checkpoints load with `weights_only=True`, and nothing else does."""

import os
import pickle

import numpy as np
import pytest
import torch

from relnas_mm.compat.versions import release

history_buffer = pytest.importorskip("mmengine.logging.history_buffer")
pytestmark = pytest.mark.mm


@pytest.fixture
def checkpoint():
    from mmengine.logging import MessageHub

    hub = MessageHub("relnas_mm test")
    for value in (1.5, 2.5):
        hub.update_scalar("loss", value)
    hub.update_info("best", np.float64(0.5))
    dataset = {
        "classes": ("a",),
        "sigmas": np.array([0.1, 0.2], np.float32),
        "palette": [(1, 2, 3)],
        "names": np.array(["x", "yz"]),
        "flags": np.array([True]),
        "n": np.int64(3),
        "big": np.arange(3),
    }
    state = {"w": torch.ones(2)}
    return {"state_dict": state, "message_hub": hub.state_dict(), "meta": {"epoch": 1, "dataset_meta": dataset}}


def test_own_checkpoint_loads_with_weights_only(checkpoint, tmp_path):
    torch.save(checkpoint, tmp_path / "a.pth")
    loaded = torch.load(tmp_path / "a.pth", weights_only=True)
    assert loaded["message_hub"]["log_scalars"]["loss"].mean() == 2.0
    meta = loaded["meta"]["dataset_meta"]
    assert meta["n"] == 3 and meta["sigmas"].dtype == np.float32 and meta["names"].tolist() == ["x", "yz"]


class Attack:
    """Pickles as a call of `function`."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def attacks(trace):
    from mmengine import Config

    buffer = history_buffer.HistoryBuffer
    return {
        "system": Attack(os.system, f"touch {trace}"),
        "eval": Attack(eval, "1"),
        "getattr of __init__": Attack(getattr, buffer, "__init__"),
        "getattr of another method": Attack(getattr, buffer, "register_statistics"),
        "getattr of an array": Attack(getattr, np.ndarray, "tofile"),
        "getattr of a tensor": Attack(getattr, torch.Tensor, "numpy"),
        "config from a file": Attack(Config.fromfile, "/etc/passwd"),
        "array of objects": np.array([Attack(os.system, f"touch {trace}")], dtype=object),
    }


@pytest.mark.parametrize("name", attacks("x"))
def test_malicious_checkpoint_is_refused(name, tmp_path):
    trace = tmp_path / "was-here"
    torch.save({"x": attacks(trace)[name]}, tmp_path / "b.pth")
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        torch.load(tmp_path / "b.pth", weights_only=True)
    assert not trace.exists()


@pytest.mark.skipif(release(torch.__version__) < (2, 6), reason="torch before 2.6 takes one name per function")
def test_checkpoints_of_either_numpy(tmp_path):
    """NumPy 1 wrote numpy.core where NumPy 2 writes numpy._core."""
    content = {"x": np.arange(3), "y": np.float32(2)}
    torch.save(content, tmp_path / "c.pth", _use_new_zipfile_serialization=False)
    data = (tmp_path / "c.pth").read_bytes()
    new, old = b"numpy._core.multiarray", b"numpy.core.multiarray"
    for text in (data.replace(new, old), data.replace(old, new)):
        (tmp_path / "c.pth").write_bytes(text)
        loaded = torch.load(tmp_path / "c.pth", weights_only=True)
        assert loaded["x"].tolist() == [0, 1, 2] and loaded["y"] == 2


def test_a_runner_resumes_from_its_own_checkpoint(tmp_path):
    from mmengine.model import BaseModel
    from mmengine.registry import DefaultScope
    from mmengine.runner import Runner

    class Tiny(BaseModel):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, inputs, mode="tensor"):
            return {"loss": self.layer(inputs).square().mean()}

    def runner(epochs, resume):
        dataset = torch.utils.data.TensorDataset(torch.ones(4, 2))
        loader = torch.utils.data.DataLoader(
            dataset, collate_fn=lambda rows: {"inputs": torch.stack([row[0] for row in rows])}
        )
        return Runner(
            Tiny(),
            str(tmp_path),
            train_dataloader=loader,
            train_cfg={"by_epoch": True, "max_epochs": epochs},
            optim_wrapper={"optimizer": {"type": "Adam", "lr": 0.1}},
            param_scheduler=[
                {"type": "LinearLR", "by_epoch": False, "start_factor": 0.1, "end": 3},
                {"type": "CosineAnnealingLR", "T_max": 2},
            ],
            custom_hooks=[{"type": "EMAHook"}],
            resume=resume,
            log_level="ERROR",
            experiment_name=f"tiny{epochs}",
            default_scope="mmengine",
        )

    with DefaultScope.overwrite_default_scope("mmengine"):  # which also forgets the scopes of the runners
        runner(1, False).train()
        torch.load(tmp_path / "epoch_1.pth", weights_only=True)
        again = runner(2, True)
        again.train()
    assert again.epoch == 2 and again.iter == 8
