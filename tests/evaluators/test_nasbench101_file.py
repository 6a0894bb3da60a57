"""The official file of NAS-Bench-101, on synthetic files of its format that are written here byte by byte."""

import base64
import json
import runpy
import struct
import sys

import numpy as np
import pytest
from helpers import ROOT

from relnas_mm.errors import UserError
from relnas_mm.evaluators import TabularEvaluator
from relnas_mm.evaluators.tabular.nasbench101_file import masked_crc, read_records, read_trainings, table_lines
from relnas_mm.spaces import NASBench101Space
from relnas_mm.spaces.nasbench101 import parse_cell

pytestmark = pytest.mark.unit
CELLS = ("c3 mp c3 c3 c1:01 04 05 12 23 26 35 45 56", "c1:01 02 12", ":01")


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def evaluation(epoch, validation, test):
    numbers = {1: epoch, 2: 7.5, 3: 1.0, 4: validation, 5: test}
    message = b"".join(bytes([field << 3 | 1]) + struct.pack("<d", value) for field, value in numbers.items())
    path = b"model.ckpt-" + str(epoch).encode()
    return message + bytes([6 << 3 | 2]) + varint(len(path)) + path


def metrics(params, accuracies):
    parts = [evaluation(epoch, *pair) for epoch, pair in zip((0, 54, 108), accuracies)]
    message = b"".join(bytes([1 << 3 | 2]) + varint(len(part)) + part for part in parts)
    return message + bytes([2 << 3]) + varint(params) + bytes([3 << 3 | 1]) + struct.pack("<d", 99.0)


def record(content):
    length = struct.pack("<Q", len(content))
    return length + struct.pack("<I", masked_crc(length)) + content + struct.pack("<I", masked_crc(content))


def row(name, epochs, validation, test):
    cell = parse_cell(name)
    bits = "".join(str(bit) for line in cell.matrix for bit in line)
    blob = metrics(8_555_530, [(0.1, 0.1), (0.5, 0.4), (validation, test)])
    fields = [cell.hash, epochs, bits, ",".join(cell.operations), base64.b64encode(blob).decode()]
    return record(json.dumps(fields).encode())


@pytest.fixture
def official(tmp_path):
    path = tmp_path / "nasbench.tfrecord"
    rows = [row(name, e, 0.9 + k / 100, 0.91) for name in CELLS for e in (36, 108) for k in range(3)]
    path.write_bytes(b"".join(rows))
    return path


@pytest.mark.golden
def test_checksums_are_those_of_crc32c():
    crc = 0xE3069283  # of these nine bytes, in the standard
    assert masked_crc(b"123456789") == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_trainings_of_a_file(official):
    trainings = list(read_trainings(official))
    assert len(trainings) == 18
    first = trainings[0]
    assert (str(first.cell), first.hash) == (CELLS[0], "00005c142e6f48ac74fdcf73e3439874")
    assert (first.epochs, first.params) == (36, 8_555_530)
    assert (first.validation, first.test) == ((0.5, 0.9), (0.4, 0.91))
    assert len(list(read_trainings(official, 108))) == 9


def test_the_table_serves_a_search(official, tmp_path, monkeypatch, capsys):
    table = tmp_path / "tables" / "nasbench101.csv"
    script = str(ROOT / "benchmarks" / "renas_nasbench101.py")
    monkeypatch.setattr(sys, "argv", [script, str(official), str(table)])
    with pytest.raises(SystemExit):
        runpy.run_path(script, run_name="__main__")
    assert "3 cells" in capsys.readouterr().out
    evaluator = TabularEvaluator(table, "val108", "test108", key="cell")
    space = NASBench101Space()
    for name in CELLS:
        result = evaluator.look_up(space.decode(space.vector_of(name)))
        assert result.metrics == {"accuracy": pytest.approx(91.0), "test_accuracy": pytest.approx(91.0)}


def test_means_are_over_the_trainings_of_a_cell(official):
    header, line, *_ = table_lines(read_trainings(official, 108))
    values = dict(zip(header.split(","), line.split(",")))
    np.testing.assert_allclose([float(values["val108"]), float(values["val108_single"])], [91.0, 90.0])
    assert parse_cell(values["cell"]).hash == values["hash"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[:-30], "record 17 .* cut off"),
        (lambda content: b"\1" + content[1:], "record 0 .* length is unreadable"),
        (lambda content: content[:40] + b"!" + content[41:], "record 0 .* checksum"),
        (lambda content: content + b"\0\0", "record 18 .* length"),
        (lambda content: content + record(b"[1, 2]"), "record 18 .* damaged"),
        (lambda content: content + record(b"no JSON"), "record 18 .* damaged"),
        (
            lambda content: content + record(json.dumps(["h", 108, "0100", "input,output", "AAAA"]).encode()),
            "record 18",
        ),
        (lambda content: content + record(json.dumps(["h", 108, "01", "input,output", ""]).encode()), "record 18"),
    ],
)
def test_damaged_files_are_refused(official, damage, words):
    official.write_bytes(damage(official.read_bytes()))
    with pytest.raises(UserError, match=words):
        list(read_trainings(official))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        list(read_records(tmp_path / "none.tfrecord"))
