"""MATLAB files, on what scipy writes."""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from relnas_mm.datasets.keypoints.mat_files import read_array
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kind", ["f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_arrays_of_every_kind_are_those_of_scipy(tmp_path, kind, compress):
    heads = np.arange(24).reshape(2, 3, 4).astype(kind)
    content = {"other": np.ones(3), "x": heads, "text": "abc", "cell": np.array(["a", 1], dtype=object), "y": 5}
    savemat(tmp_path / "a.mat", content, do_compression=compress)
    found = read_array(tmp_path / "a.mat", "x", "it")
    assert found is not None and found.dtype == np.float64
    assert np.array_equal(found, loadmat(tmp_path / "a.mat")["x"]) and np.array_equal(found, heads)
    assert read_array(tmp_path / "a.mat", "z", "it") is None


def test_every_cut_and_every_changed_byte_is_read_or_refused(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"x": np.arange(8.0).reshape(2, 2, 2)}, do_compression=False)
    content = path.read_bytes()
    for index in range(len(content)):
        for damaged in (content[:index], content[:index] + bytes([content[index] ^ 0xFF]) + content[index + 1 :]):
            path.write_bytes(damaged)
            try:
                read_array(path, "x", "it")
            except UserError as error:
                assert str(error).startswith("it cannot be read") and "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"x": np.ones(2, complex)}, "no array of real numbers"),
        ({"x": "text"}, "no array of real numbers"),
        ({"x": np.zeros((1 << 20, 2), np.float64)}, "expands to more than 1 MiB"),
    ],
)
def test_other_arrays(tmp_path, monkeypatch, content, says):
    savemat(tmp_path / "a.mat", content, do_compression=True)
    if "MiB" in says:
        monkeypatch.setattr("relnas_mm.datasets.keypoints.mat_files.MAX_BYTES", 1 << 20)
    with pytest.raises(UserError, match=says):
        read_array(tmp_path / "a.mat", "x", "it")
    (tmp_path / "a.mat").write_bytes(b"text")
    with pytest.raises(UserError, match="no MATLAB file of version 5"):
        read_array(tmp_path / "a.mat", "x", "it")
