"""Checkpoints survive kills and full disks, and a resumed training equals an uninterrupted one."""

import errno
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from test_hooks import Score, Small

from relnas_mm.engine.durable_backend import DurableBackend
from relnas_mm.engine.hooks import SafeCheckpointHook
from relnas_mm.engine.resume import newest_whole
from relnas_mm.errors import UserError
from relnas_mm.launch import add_tool_hooks
from relnas_mm.models.checkpoints.files import damage

pytestmark = pytest.mark.mm
WEIGHTS = {"state_dict": {"weight": torch.arange(2000.0)}, "meta": {"epoch": 1, "iter": 2}, "message_hub": {}}


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "x.pth"
    torch.save(WEIGHTS, path)
    assert damage(path) == ""
    return path.read_bytes()


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_changed_bit_is_noticed_or_changes_nothing(content, tmp_path_factory, data):
    place, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    path = tmp_path_factory.getbasetemp() / "changed.pth"
    path.write_bytes(changed)
    if not damage(path):
        assert torch.equal(torch.load(path)["state_dict"]["weight"], WEIGHTS["state_dict"]["weight"])


@given(kept=st.floats(0, 0.999))
@settings(deadline=None, max_examples=30)
def test_a_file_that_was_cut_off_is_noticed(content, tmp_path_factory, kept):
    path = tmp_path_factory.getbasetemp() / "cut.pth"
    path.write_bytes(content[: int(kept * len(content))])
    assert damage(path)


def test_the_old_file_stays_if_the_new_one_cannot_be_written(content, tmp_path, monkeypatch):
    path, backend = tmp_path / "epoch_1.pth", DurableBackend()
    backend.put(content, path)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match=r"epoch_1\.pth' cannot be written: No space left on device; free space"):
        backend.put(b"", path)
    monkeypatch.undo()
    with pytest.raises(UserError, match="was not written as it should be: it is cut off"):
        backend.put(content[:-1], path)
    assert path.read_bytes() == content and os.listdir(tmp_path) == ["epoch_1.pth"]


def test_what_is_removed_stays_until_the_block_succeeds(tmp_path):
    (path := tmp_path / "a").write_text("")
    backend = DurableBackend()
    with pytest.raises(KeyboardInterrupt), backend.keeping():
        backend.remove(path)
        raise KeyboardInterrupt
    assert path.exists()
    with backend.keeping(), backend.keeping():
        backend.remove(path)
        assert path.exists()
    assert not path.exists()


class Noisy(Small):
    """Its training draws random numbers."""

    def forward(self, inputs, mode="tensor"):
        return super().forward(torch.nn.functional.dropout(inputs), mode)


class Rise(Score):
    """A metric that rises in every other validation, and draws a random number."""

    def evaluate(self, size):
        torch.rand(1)
        self.asked += 1
        return {"score": float(self.asked % 2 * self.asked)}


class Stop(Hook):
    """Interrupts a training like a kill: nothing is written any more."""

    priority = "LOWEST"

    def __init__(self, at, place):
        self.at, self.place = at, place

    def _stop(self, runner, place):
        if (runner.iter, place) == (self.at, self.place):
            raise KeyboardInterrupt

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self._stop(runner, "training")

    def before_val_epoch(self, runner):
        self._stop(runner, "validation")

    def after_val_epoch(self, runner, metrics=None):
        self._stop(runner, "validated")


def train(folder, by_epoch, hooks=(), asked=0, **settings):
    def loader():
        inputs = torch.arange(4.0 * 192).reshape(4, 3, 8, 8)
        return torch.utils.data.DataLoader(inputs, collate_fn=lambda rows: dict(inputs=torch.stack(rows)), batch_size=2)

    loop = dict(by_epoch=True, max_epochs=4) if by_epoch else dict(by_epoch=False, max_iters=8, val_interval=2)
    (evaluator := Rise()).asked = asked
    train.count = getattr(train, "count", 0) + 1
    torch.manual_seed(0)  # initial weights
    runner = Runner(
        Noisy(),
        str(folder),
        train_dataloader=loader(),
        val_dataloader=loader(),
        val_evaluator=evaluator,
        train_cfg=loop,
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=1e-4, momentum=0.9)),
        default_hooks=dict(
            checkpoint=dict(
                type="SafeCheckpointHook",
                interval=1 if by_epoch else 2,
                by_epoch=by_epoch,
                max_keep_ckpts=1,
                save_best="score",
                rule="greater",
            )
        ),
        custom_hooks=list(hooks),
        randomness=dict(seed=3),
        default_scope="mmengine",
        log_level="ERROR",
        experiment_name=f"safe-{train.count}",
        **settings,
    )
    runner.train()
    return runner


@pytest.mark.parametrize("place", ["training", "validation", "validated"])
@pytest.mark.parametrize("by_epoch", [True, False])
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path, no_pauses, by_epoch, place):
    whole = train(tmp_path / "whole", by_epoch)
    at = 5 if place == "training" else 4
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", by_epoch, [Stop(at, place)])
    moved = (tmp_path / "parts").rename(tmp_path / "moved")
    newest = newest_whole(moved, pytest.fail)
    saved = torch.load(newest, weights_only=False)
    done = saved["message_hub"]["runtime_info"].get("last_validation") == saved["meta"]["iter"]
    asked = saved["meta"]["iter"] // 2 - (not done)
    again = train(moved, by_epoch, asked=asked, resume=True, load_from=newest)
    folders = tmp_path / "whole", moved
    expected, found = (torch.load(newest_whole(each, pytest.fail), weights_only=False) for each in folders)
    for part in ("state_dict", "optimizer"):
        torch.testing.assert_close(found[part], expected[part], rtol=0, atol=0)
    assert torch.equal(found["rng"][0]["torch"], expected["rng"][0]["torch"])
    assert again.message_hub.get_info("best_score") == whole.message_hub.get_info("best_score") == 3.0
    names = [sorted(path.name for path in each.glob("*.pth")) for each in folders]
    assert names[0] == names[1] and len(names[0]) == 2


def test_another_seed_ends_elsewhere(tmp_path):
    """The equality above is no accident: the training does depend on random numbers."""
    ends = []
    for name, drawn in (("a", 0), ("b", 1)):

        class Draw(Hook):
            def before_train(self, runner, drawn=drawn):
                torch.rand(drawn)

        train(tmp_path / name, True, [Draw()])
        ends.append(torch.load(newest_whole(tmp_path / name, pytest.fail))["state_dict"]["layer.weight"])
    assert not torch.equal(*ends)


def test_scratch_files_of_a_kill_are_removed(tmp_path):
    (tmp_path / ".epoch_1.pth.abc.unfinished").write_bytes(b"x")
    train(tmp_path, True)
    assert not list(tmp_path.glob(".*.unfinished"))


def test_the_newest_whole_checkpoint_is_resumed(content, tmp_path):
    said = []
    assert newest_whole(tmp_path, said.append) is None and said == []
    for number in (8, 9, 10, 11):
        (tmp_path / f"epoch_{number}.pth").write_bytes(content)
    for name in ("best_score_epoch_99.pth", "backbone.pth"):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "epoch_11.pth").write_bytes(b"")
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    (tmp_path / "epoch_10.pth").write_bytes(flipped)
    for named in ("", "gone/epoch_3.pth", str(tmp_path / "epoch_11.pth")):  # a killed process, a moved folder
        (tmp_path / "last_checkpoint").write_text(named)
        assert newest_whole(tmp_path, said.append) == str(tmp_path / "epoch_9.pth")
    assert said[0].endswith("epoch_11.pth' is passed over: it is empty")
    assert "epoch_10.pth' is passed over: its part" in said[1] and len(said) == 6
    for path in tmp_path.glob("epoch_*.pth"):
        path.write_bytes(b"")
    assert newest_whole(tmp_path, said.append) is None
    assert said[-1] == f"no checkpoint in {str(tmp_path)!r} is whole; the training starts from the beginning"


def test_tools_use_it_in_place_of_mmengines():
    for kind in ("CheckpointHook", "mmengine.CheckpointHook", "SafeCheckpointHook"):
        config = Config(dict(default_hooks=dict(checkpoint=dict(type=kind, interval=3))))
        add_tool_hooks(config)
        assert config.default_hooks.checkpoint == dict(type="SafeCheckpointHook", interval=3)
    for hooks, expected in (({}, dict(type="SafeCheckpointHook", interval=1)), ({"checkpoint": None}, None)):
        config = Config(dict(default_hooks=hooks))
        add_tool_hooks(config)
        assert config.default_hooks.checkpoint == expected
    config = Config(dict(default_hooks=dict(checkpoint=dict(type="MyHook"))))
    add_tool_hooks(config)
    assert config.default_hooks.checkpoint.type == "MyHook"


def test_remote_storage_is_left_to_mmengine():
    assert SafeCheckpointHook().backend_args == {"backend": "durable"}
    assert SafeCheckpointHook(out_dir="s3://bucket").backend_args is None
    assert SafeCheckpointHook(backend_args={"backend": "petrel"}).backend_args == {"backend": "petrel"}
