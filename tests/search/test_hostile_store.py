"""Steps of a run store that were damaged or written by others: they are skipped, and nothing outside is read."""

import hashlib
import io
import json
import os
import zipfile

import numpy as np
import pytest
import torch

from relnas_mm.errors import UserError
from relnas_mm.search.checkpoint_store import MANIFEST, CheckpointStore
from relnas_mm.search.state_files import ARRAYS, VALUES, State

pytestmark = pytest.mark.unit


@pytest.fixture
def store(tmp_path):
    store = CheckpointStore(tmp_path / "store")
    for step in (1, 2):
        store.save(step, State({"w": torch.ones(2)}, {"x": np.arange(4)}, {"generation": step}))
    return store


def put(step, name, content):
    """Replaces a file of a step, and its entry in the manifest."""
    (step / name).write_bytes(content)
    manifest = json.loads((step / MANIFEST).read_text())
    manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (step / MANIFEST).write_text(json.dumps(manifest))


def archive(compression, *contents):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for index, content in enumerate(contents):
            file.writestr(f"{index}.npy", content)
    return buffer.getvalue()


def array(value):
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


PLAIN = archive(zipfile.ZIP_STORED, array(np.arange(4)))
ARRAY_FILES = {
    "no archive": b"PK\x03\x04" + bytes(100),
    "another checksum": PLAIN.replace(array(np.arange(4))[-8:], bytes(7) + b"\x09", 1),
    "one array": array(np.arange(4)),
    "a bomb": archive(zipfile.ZIP_DEFLATED, array(np.zeros(1 << 20))),
    "a header of no array": archive(zipfile.ZIP_STORED, b"\x93NUMPY\x01\x00\x10\x00" + b"(" * 16),
    "empty": b"",
}


@pytest.mark.parametrize("name", ARRAY_FILES)
def test_a_step_of_damaged_arrays_is_skipped(store, name):
    put(store.steps()[-1], ARRAYS, ARRAY_FILES[name])
    loaded = store.load_newest()
    assert loaded.step == 1 and "step-00000002 is not usable: arrays.npz: " in loaded.skipped[0]


@pytest.mark.parametrize("values", [b"[1]", b"[" * 100_000, b"{", b"\xff", b'{"a": %s}' % (b"9" * 5000)])
def test_a_step_of_damaged_values_is_skipped(store, values):
    put(store.steps()[-1], VALUES, values)
    loaded = store.load_newest()
    assert loaded.step == 1 and "values.json" in loaded.skipped[0]


@pytest.mark.parametrize("manifest", ["3", "[]", "{}", '{"schema_version": 1, "files": []}', "[" * 100_000, ""])
def test_a_step_of_a_damaged_manifest_is_skipped(store, manifest):
    (store.steps()[-1] / MANIFEST).write_text(manifest)
    assert store.load_newest().step == 1


@pytest.mark.parametrize("name", ["../step-00000001/values.json", "/dev/zero", "/etc/hostname", "..", "a/b"])
def test_a_manifest_names_files_of_its_folder_only(store, name):
    path = store.steps()[-1] / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["files"][name] = {"sha256": "0", "bytes": 1}
    path.write_text(json.dumps(manifest))
    (skipped,) = store.load_newest().skipped
    assert f"its manifest names {name!r}, which is no file of its folder" in skipped


def test_a_link_to_a_device_is_not_read(store):
    step = store.steps()[-1]
    (step / VALUES).unlink()
    os.symlink("/dev/zero", step / VALUES)
    manifest = json.loads((step / MANIFEST).read_text())
    manifest["files"][VALUES]["bytes"] = 0
    (step / MANIFEST).write_text(json.dumps(manifest))
    assert "a pipe or a device" in store.load_newest().skipped[0]


def test_nothing_usable_is_one_sentence(store):
    for step in store.steps():
        put(step, ARRAYS, b"PK")
    with pytest.raises(UserError, match="no checkpoint in .* is usable: ") as error:
        store.load_newest()
    assert "\n" not in str(error.value)
