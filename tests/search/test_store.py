"""The run store: what is saved comes back, and what cannot be saved says so."""

import errno
import resource
import signal

import numpy as np
import pytest
import torch
from helpers import in_child
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.errors import UserError
from relnas_mm.search import RunStore
from relnas_mm.search import checkpoint_store as store_module
from relnas_mm.search.checkpoint_store import CheckpointStore
from relnas_mm.search.state_files import State, read_state, state_files

pytestmark = pytest.mark.unit


def state(value: float = 1.0) -> State:
    tensors = {"w": torch.full((3, 2), value), "n": torch.tensor(7), "last": torch.rand(2, 3, 4, 4)}
    tensors["last"] = tensors["last"].to(memory_format=torch.channels_last)
    return State(tensors, {"x": np.arange(4) * value}, {"generation": 3, "nested": {"a": [1, None]}})


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(), max_size=5), st.dictionaries(st.text(max_size=5), st.integers(), max_size=3))
def test_a_state_comes_back(numbers, values):
    before = State({"t": torch.tensor(numbers, dtype=torch.float64)}, {"a": np.array(numbers)}, values)
    after = read_state(state_files(before))
    assert after.tensors["t"].numpy().tobytes() == before.tensors["t"].numpy().tobytes()
    assert after.arrays["a"].tobytes() == before.arrays["a"].tobytes() and after.values == values


def test_the_newest_step_comes_back_and_old_ones_go(tmp_path):
    store = CheckpointStore(tmp_path / "store", keep=2)
    assert store.load_newest() is None
    for step in (1, 2, 10):
        store.save(step, state(step))
    assert [path.name for path in store.steps()] == ["step-00000002", "step-00000010"]
    loaded = store.load_newest()
    assert loaded.step == 10 and loaded.skipped == () and loaded.state.tensors["w"][0, 0] == 10
    assert loaded.state.values == {"generation": 3, "nested": {"a": [1, None]}}


def test_no_pickle_is_ever_read(tmp_path):
    store = CheckpointStore(tmp_path)
    with pytest.raises(ValueError, match="allow_pickle"):
        content = state_files(state())
        import io

        buffer = io.BytesIO()
        np.savez(buffer, x=np.array([{}], dtype=object), allow_pickle=True)
        read_state(content | {"arrays.npz": buffer.getvalue()})
    assert store.steps() == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_fails_loudly_and_keeps_the_last_step(tmp_path, monkeypatch, code):
    store = CheckpointStore(tmp_path)
    store.save(1, state())
    write = store_module._write_synced

    def failing(path, content):
        if path.name == "values.json":
            raise OSError(code, "no room")
        write(path, content)

    monkeypatch.setattr(store_module, "_write_synced", failing)
    with pytest.raises(
        UserError, match=r"checkpoint 2 cannot be written .* no room; the last complete one is step-00000001"
    ):
        store.save(2, state())
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert store.load_newest().step == 1


@pytest.mark.kill
def test_a_file_that_cannot_grow_is_a_user_error(tmp_path):
    """A real refusal by the system: the process may write no more than a few bytes to a file."""

    def work():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        store = CheckpointStore(tmp_path)
        store.save(1, state())
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        try:
            store.save(2, state())
        except UserError as error:
            raise SystemExit(7 if "the last complete one is step-00000001" in str(error) else 8) from None

    assert in_child(work) == 7
    assert CheckpointStore(tmp_path).load_newest().step == 1


def test_an_unwritable_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="there is none before it"):
        CheckpointStore(tmp_path / "file" / "store").save(1, state())


def test_keep(tmp_path):
    with pytest.raises(UserError, match="keep of the run store is 0"):
        CheckpointStore(tmp_path, keep=0)


def test_a_folder_with_a_search_is_not_overwritten(tmp_path):
    RunStore(tmp_path / "new" / "deep").open(resume=False)
    (tmp_path / "chain.json").write_text("{}")
    with pytest.raises(UserError, match=r"already holds a search \(chain.json\)"):
        RunStore(tmp_path).open(resume=False)
    RunStore(tmp_path).open(resume=True)
    with pytest.raises(UserError, match="cannot be created"):
        RunStore(tmp_path / "chain.json").open(resume=True)
