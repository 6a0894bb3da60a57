"""Checkpoints whose bytes call NumPy: torch builds arrays from them only as NumPy itself pickles arrays."""

import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch

from relnas_mm.array_pickles import Array

history_buffer = pytest.importorskip("mmengine.logging.history_buffer")
pytestmark = pytest.mark.mm


def text(value):
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def encoded(raw):
    return b"c_codecs\nencode\n" + text(raw.decode("latin1")) + text("latin1") + b"\x86R"


def write(path, value):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}" + text("x") + value + b"s.")
        archive.writestr("a/version", "3\n")
        archive.writestr("a/byteorder", "little")


DTYPE = b"cnumpy\ndtype\n"
ADDRESS = encoded(struct.pack("<Q", 0x414243444548))
BEGIN = b"cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + encoded(b"b") + b"\x87R"
HOSTILE = {
    "called array": b"cnumpy\nndarray\n(K\x01\x85" + DTYPE + text("O8") + b"\x85R" + ADDRESS + b"tR",
    "called array of numbers": b"cnumpy\nndarray\n(K\x01\x85" + DTYPE + text("u8") + b"\x85R" + ADDRESS + b"tR",
    "new array": b"cnumpy\nndarray\nK\x01\x85\x81",
    "array of objects": BEGIN + b"(K\x01K\x01\x85" + DTYPE + text("O8") + b"\x85R\x89" + ADDRESS + b"tb",
    "scalar object": b"cnumpy._core.multiarray\nscalar\n" + DTYPE + text("O8") + b"\x85R" + ADDRESS + b"\x86R",
    "short scalar": b"cnumpy._core.multiarray\nscalar\n" + DTYPE + text("f8") + b"\x85R" + encoded(b"a") + b"\x86R",
    "scalar of a text": b"cnumpy._core.multiarray\nscalar\n" + text("f8") + ADDRESS + b"\x86R",
    "short array": BEGIN + b"(K\x01K\x02\x85" + DTYPE + text("u8") + b"\x85R\x89" + ADDRESS + b"tb",
    "array begun of a dtype": b"cnumpy._core.multiarray\n_reconstruct\n"
    + DTYPE
    + b"K\x00\x85"
    + encoded(b"b")
    + b"\x87R",
    "a class of dtypes": b"cnumpy.dtypes\nObjectDType\n)R",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_checkpoint_reaches_no_function_of_numpy(name, tmp_path):
    write(tmp_path / "a.pth", HOSTILE[name])
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "a.pth", weights_only=True)


def test_a_buffer_of_an_array_from_the_file_is_refused(tmp_path):
    buffer = b"cmmengine.logging.history_buffer\nHistoryBuffer\n"
    write(tmp_path / "a.pth", buffer + 2 * HOSTILE["called array"] + b"\x86R")
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "a.pth", weights_only=True)


KINDS = [
    np.arange(6).reshape(2, 3),
    np.asfortranarray(np.eye(3)),
    np.array(["x", "yz"]),
    np.array([True]),
    np.array(1.5),
]


@pytest.mark.parametrize("value", KINDS, ids=str)
def test_arrays_load_and_are_saved_again_as_those_of_numpy(value, tmp_path):
    path = tmp_path / "a.pth"
    content = {"x": value}
    for _ in range(2):
        torch.save(content, path)
        assert b"array_pickles" not in path.read_bytes()
        content = torch.load(path, weights_only=True)
        found = content["x"]
        assert isinstance(found, Array) and found.dtype == value.dtype and np.array_equal(found, value)


def test_one_array_under_two_names_is_one(tmp_path):
    shared = np.arange(3)
    torch.save({"x": shared, "y": shared}, tmp_path / "a.pth")
    loaded = torch.load(tmp_path / "a.pth", weights_only=True)
    assert loaded["x"] is loaded["y"]


def test_a_history_goes_on_after_loading(tmp_path):
    buffer = history_buffer.HistoryBuffer([1.0, 2.0], [1, 1])
    torch.save({"x": buffer}, tmp_path / "a.pth")
    loaded = torch.load(tmp_path / "a.pth", weights_only=True)["x"]
    loaded.update(6.0)
    assert loaded.mean() == 3.0 and loaded.current() == 6.0
    torch.save({"x": loaded}, tmp_path / "a.pth")
    assert torch.load(tmp_path / "a.pth", weights_only=True)["x"].mean() == 3.0


def test_scalars_are_those_of_numpy(tmp_path):
    values = {"a": np.float64(0.5), "b": np.int32(-3), "c": np.bool_(True), "d": np.str_("xy"), "e": np.float16(2)}
    torch.save(values, tmp_path / "a.pth")
    loaded = torch.load(tmp_path / "a.pth", weights_only=True)
    assert loaded == values and {key: type(value) for key, value in loaded.items()} == {
        key: type(value) for key, value in values.items()
    }
