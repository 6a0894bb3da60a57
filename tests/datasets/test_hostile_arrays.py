"""CIFAR batches and IDX files whose bytes were written to break their reader."""

import gzip
import lzma
import os
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from helpers import write_cifar10

from relnas_mm.array_pickles import MAX_OPCODES, Array, check_opcodes
from relnas_mm.datasets.arrays import load_images
from relnas_mm.errors import UserError

FOLDER = "cifar-10-batches-py"


def text(value):
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def encoded(raw):
    return b"c_codecs\nencode\n" + text(raw.decode("latin1")) + text("latin1") + b"\x86R"


def dtype(kind, state=b""):
    return b"cnumpy\ndtype\n" + text(kind) + b"\x89\x88\x87R" + state


def array(shape, kind, raw, begin=b"cnumpy\nndarray\nK\x00\x85C\x01b\x87R"):
    made = b"cnumpy._core.multiarray\n_reconstruct\n" + begin
    return made + b"(K\x01" + shape + kind + b"\x89" + raw + b"tb"


ADDRESS = struct.pack("<Q", 0x414243444548)
LITTLE = b"(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
HOSTILE = {
    "called array": (
        b"cnumpy\nndarray\n(K\x01\x85" + dtype("O8") + encoded(ADDRESS) + b"tR",
        "another kind than numbers",
    ),
    "called array of numbers": (
        b"cnumpy\nndarray\n(K\x01\x85" + dtype("u1") + encoded(b"a") + b"tR",
        "calls numpy.ndarray",
    ),
    "new array": (b"cnumpy\nndarray\nK\x01\x85\x81", "calls numpy.ndarray"),
    "objects": (array(b"K\x01\x85", dtype("O8"), encoded(ADDRESS)), "another kind than numbers"),
    "structures": (array(b"K\x01\x85", dtype("V8"), encoded(ADDRESS)), "another kind than numbers"),
    "structured text": (
        array(b"K\x01\x85", dtype("u1", b"(K\x03" + text("|") + b"K\x01K\x01K\x01K\x08K\x08K\x01tb"), encoded(b"a")),
        "structures or of an unknown byte order",
    ),
    "long text": (array(b"K\x01\x85", dtype("U99999"), encoded(b"a")), "another kind than numbers"),
    "short": (array(b"K\x02\x85", dtype("u8", LITTLE), encoded(ADDRESS)), "8 bytes, but of another size"),
    "long": (array(b"K\x01\x85", dtype("u1"), encoded(ADDRESS)), "8 bytes, but of another size"),
    "negative": (array(b"J\xff\xff\xff\xff\x85", dtype("u1"), encoded(b"")), "no valid shape"),
    "wraps to nothing": (
        array(3 * b"J\x00\x00\x00@" + b"\x87", dtype("u4"), encoded(b"")),
        "0 bytes, but of another size",
    ),
    "no bytes": (array(b"K\x01\x85", dtype("u1"), b"]"), "anything but bytes"),
    "list of objects": (array(b"K\x01\x85", dtype("u1"), b"](K\x01e"), "anything but bytes"),
    "filled twice": (array(b"K\x01\x85", dtype("u1"), encoded(b"a")) + b"(K\x01K\x01\x85NNNtb", "unknown layout"),
    "begun large": (
        array(b"K\x01\x85", dtype("u1"), encoded(b"a"), b"cnumpy\nndarray\nJ\x00\x00\x00@\x85C\x01b\x87R"),
        "begins an array",
    ),
    "begun as objects": (
        array(b"K\x01\x85", dtype("u1"), encoded(b"a"), b"cnumpy\nndarray\nK\x00\x85C\x01O\x87R"),
        "begins an array",
    ),
    "changed function": (b"c_codecs\nencode\n}b", "changes a function"),
    "changed class": (b"cnumpy\nndarray\n}b", "not a readable CIFAR batch"),
    "another encoding": (b"c_codecs\nencode\n" + text("a") + text("utf-7") + b"\x86R", "otherwise than as latin1"),
    "a name of NumPy": (b"cnumpy\nload\n", "asks for numpy.load"),
}


@pytest.fixture
def cifar(tmp_path):
    return write_cifar10(tmp_path / "data")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_batch_reaches_no_function_of_numpy(cifar, name):
    value, says = HOSTILE[name]
    labels = b"\x80\x02}(" + text("labels") + value + b"u."
    (cifar / FOLDER / "data_batch_1").write_bytes(labels)
    with pytest.raises(UserError, match="data_batch_1") as error:
        load_images("cifar10", cifar)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Nr\xff\xff\xff\x1f.", "numbers an object"),
        (b"Np536870911\n.", "numbers an object"),
        (b"N" + b"0N" * MAX_OPCODES + b".", "more than"),
        (b"\x8e" + struct.pack("<Q", 1 << 40) + b"a.", "bytes"),
        (b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.", "not a readable CIFAR batch"),
    ],
    ids=["memo", "memo by text", "operations", "bytes", "frame"],
)
def test_a_small_pickle_takes_no_large_memory(cifar, monkeypatch, content, says):
    monkeypatch.setattr("relnas_mm.array_pickles.MAX_OPCODES", 1000)
    (cifar / FOLDER / "data_batch_1").write_bytes(content)
    with pytest.raises(UserError, match="data_batch_1") as error:
        load_images("cifar10", cifar)
    assert says in str(error.value)


@pytest.mark.parametrize("protocol", range(6))
def test_the_memo_of_a_pickle_passes(protocol):
    shared = [bytes(range(256)), "name"]
    check_opcodes(pickle.dumps({"a": [shared] * 3, "b": list(range(1000)), "c": shared}, protocol))


@pytest.mark.parametrize("labels", [[10**400], ["a"], [[0]], [None], np.array([[0]]), np.array([2**64 - 1], np.uint64)])
def test_labels_of_another_kind_are_named(cifar, labels):
    content = {"data": np.zeros((1, 3072), np.uint8), "labels": labels}
    (cifar / FOLDER / "data_batch_1").write_bytes(pickle.dumps(content, 2))
    with pytest.raises(UserError, match="data_batch_1' is damaged: its 'labels' are not integers"):
        load_images("cifar10", cifar)


def test_names_of_classes_are_texts(cifar):
    nested = b"K\x01"
    for _ in range(64):  # a text of 2^64 characters, if it were written out
        nested += b"2\x86"
    (cifar / FOLDER / "batches.meta").write_bytes(b"\x80\x02}" + text("label_names") + b"](" + nested + b"es.")
    with pytest.raises(UserError, match="has no list 'label_names' of names"):
        load_images("cifar10", cifar)


def test_a_batch_that_is_a_pipe_or_too_large(cifar, monkeypatch):
    path = cifar / FOLDER / "batches.meta"
    monkeypatch.setattr("relnas_mm.datasets.arrays.cifar.MAX_BYTES", 1 << 20)
    with path.open("r+b") as file:
        file.truncate((1 << 20) + 1)
    with pytest.raises(UserError, match="batches.meta' cannot be read: it is larger than 1 MiB"):
        load_images("cifar10", cifar)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UserError, match=r"holds no cifar10 data|a pipe or a device"):
        load_images("cifar10", cifar)


def test_arrays_of_labels_and_of_another_order_load(cifar):
    path = cifar / FOLDER / "data_batch_1"
    pixels = np.asfortranarray(np.arange(2 * 3072).reshape(2, 3072).astype(np.uint8))
    for labels in (np.array([1, 2]), np.array([1, 2], ">i4"), np.array([1, 2], np.uint8)):
        path.write_bytes(pickle.dumps({"data": pixels, "labels": labels}, 2))
        data = load_images("cifar10", cifar)
        assert data.labels[:2].tolist() == [1, 2]
        assert np.array_equal(data.images[:2].numpy().reshape(2, 3072), pixels)


def test_an_array_pickles_as_an_array_of_numpy():
    made = np.ndarray.__new__(Array, (2,), np.int8)
    for protocol in range(6):
        assert b"array_pickles" not in pickle.dumps(made, protocol)
        assert type(pickle.loads(pickle.dumps(made, protocol))) is np.ndarray


def idx(shape, content):
    return struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape) + content


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (
            (1 << 31, 1 << 31, 4),
            "declares (2147483648, 2147483648, 4) bytes; allowed are up to 4294967296",
        ),  # wraps to 0
        ((65536, 65536, 65536), "declares (65536, 65536, 65536) bytes"),
        ((1 << 30, 2, 1), "damaged: 5 bytes follow its header"),
        ((1, 2, 2), "damaged: more than 4 bytes follow its header"),
    ],
)
def test_sizes_that_an_idx_file_does_not_have(shape, says, tmp_path):
    (tmp_path / IMAGES).write_bytes(idx(shape, b"abcde"))
    (tmp_path / LABELS).write_bytes(idx((1,), b"a"))
    with pytest.raises(UserError, match=IMAGES) as error:
        load_images("idx", tmp_path)
    assert says in str(error.value)


@pytest.mark.parametrize(("ending", "opener"), [(".gz", gzip.open), (".xz", lzma.open)])
def test_a_compressed_idx_file_expands_to_its_size_only(ending, opener, tmp_path):
    (tmp_path / LABELS).write_bytes(idx((1,), b"a"))
    path = tmp_path / (IMAGES + ending)
    with opener(path, "wb") as file:
        file.write(idx((1, 2, 2), bytes(1 << 28)))
    tracemalloc.start()
    with pytest.raises(UserError, match="more than 4 bytes follow"):
        load_images("idx", tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


def test_a_compressed_idx_file_that_is_damaged(tmp_path):
    (tmp_path / LABELS).write_bytes(idx((1,), b"a"))
    content = bytearray(gzip.compress(idx((1, 200, 200), os.urandom(40_000))))
    content[10:30] = b"\xff" * 20
    (tmp_path / f"{IMAGES}.gz").write_bytes(content)
    with pytest.raises(UserError, match=rf"{IMAGES}\.gz' cannot be read: "):
        load_images("idx", tmp_path)
