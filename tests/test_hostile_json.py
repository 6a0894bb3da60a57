"""JSON that is nested without end, holds numbers without end, or values of another kind than its readers expect."""

import json
import os

import pytest

from relnas_mm.architectures import load_architecture
from relnas_mm.browse.folder import INDEX, PictureFolder
from relnas_mm.datasets.keypoints.annotations import check_annotations, is_numbers
from relnas_mm.datasets.keypoints.detections import check_detections
from relnas_mm.datasets.keypoints.mpii import check_people
from relnas_mm.datasets.shapes.manifest import MANIFEST, is_reusable
from relnas_mm.errors import UserError
from relnas_mm.evaluators.tabular.evaluator import TabularEvaluator
from relnas_mm.evaluators.tabular.nasbench101_file import masked_crc, read_trainings
from relnas_mm.evaluators.tabular.tables import read_columns
from relnas_mm.files import MAX_DEPTH, MAX_DIGITS, parse_json, read_bytes, read_json
from relnas_mm.pipeline.progress import FILE, Progress
from relnas_mm.plots.training import scalars
from relnas_mm.predictors.files import load_predictor
from relnas_mm.search.identity import RUN_FILE, claim_work_dir
from relnas_mm.search.records import read_records

pytestmark = pytest.mark.unit

TEXTS = {
    "deep list": "[" * 100_000 + "]" * 100_000,
    "deep object": '{"meta":' * 400 + "1" + "}" * 400,
    "5000 digits": '{"a": ' + "9" * 5000 + "}",
    "400 digits": '{"a": ' + "9" * 400 + "}",
    "large exponent": '{"a": 1e999}',
    "NaN": '{"a": NaN}',
    "infinite": '{"a": -Infinity}',
    "cut off": '{"a": ',
    "empty": "",
}


def refused(says, call, *arguments):
    with pytest.raises(UserError, match=says) as error:
        call(*arguments)
    assert "\n" not in str(error.value) and len(str(error.value)) < 600


@pytest.mark.parametrize("name", TEXTS)
def test_text_that_is_no_usable_json(name):
    refused("^the file 'a' is not JSON: ", parse_json, TEXTS[name], "the file 'a'")


def test_what_json_may_hold():
    for value in ([[[]]], {"a": [1, -2.5, 1e300, True, None, "é"]}, 10 ** (MAX_DIGITS - 1), 3):
        assert parse_json(json.dumps(value), "it") == value
    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.dumps(parse_json(deep, "it")) == deep
    refused("nested in more than 100 levels", parse_json, f"[{deep}]", "it")
    assert str(parse_json("[NaN, Infinity]", "it", nan=True)) == "[nan, inf]"


def test_files_that_are_not_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + b"[1]")
    assert read_json(path, "it") == [1]
    path.write_bytes(b"[\xff]")
    refused("it cannot be read: .*utf-8", read_json, path, "it")
    path.write_bytes(b"[" + b" " * (1 << 20) + b"]")
    refused("it cannot be read: it is larger than 1 MiB", read_json, path, "it", 1 << 20)
    path.unlink()
    refused("it cannot be read: No such file", read_json, path, "it")
    os.mkfifo(path)
    for other in (path, "/dev/zero"):
        refused("it cannot be read: it is a pipe or a device, not a regular file", read_bytes, other, "it")
    refused("it cannot be read: it is a folder", read_bytes, tmp_path, "it")
    refused("it cannot be read: ", read_bytes, "a\0b", "it")


def record(content):
    """One record of a TFRecord file."""
    length = len(content).to_bytes(8, "little")
    sums = [masked_crc(part).to_bytes(4, "little") for part in (length, content)]
    return length + sums[0] + content + sums[1]


def readers(folder, text):
    """Calls of readers that are given the text as their file."""
    path = folder / "a.json"
    path.write_text(text)
    for name in (INDEX, FILE, RUN_FILE, MANIFEST, "records.jsonl"):
        (folder / name).write_text(text)
    (folder / "a.safetensors").write_bytes(b"")
    (folder / "run" / "vis_data").mkdir(parents=True, exist_ok=True)
    (folder / "run" / "vis_data" / "scalars.json").write_text(text + "\n")
    (folder / "a.tfrecord").write_bytes(record(text.encode()))
    return {
        "architecture": lambda: load_architecture(path),
        "annotations": lambda: check_annotations(path, 17),
        "detections": lambda: check_detections(path, {1}),
        "people": lambda: check_people(path, 16),
        "table": lambda: read_columns(path, ("b",)),
        "tfrecord": lambda: list(read_trainings(folder / "a.tfrecord")),
        "predictor": lambda: load_predictor(folder / "a"),
        "progress": lambda: Progress.load(folder),
        "records": lambda: list(read_records(folder / "records.jsonl")),
        "work_dir": lambda: claim_work_dir(folder, {}, True, False),
        "pictures": lambda: PictureFolder(folder),
        "shapes": lambda: is_reusable(folder, {}),
        "log": lambda: list(scalars(folder)),
    }


@pytest.mark.parametrize("text", ["deep list", "5000 digits", "400 digits", "large exponent"])
def test_every_reader_refuses_it(text, tmp_path):
    for name, call in readers(tmp_path, TEXTS[text]).items():
        try:
            refused(".", call)
        except BaseException as error:
            raise AssertionError(name) from error


OTHERS = ("3", "[]", "[[1]]", '"a"', "null", "{}", '{"a": [[1]]}', '{"a": {"b": {}}}', '{"files": "a.png"}', "[{}]")


@pytest.mark.parametrize("text", OTHERS)
def test_values_of_another_kind_are_refused(text, tmp_path):
    for name, call in readers(tmp_path, text).items():
        try:
            call()
        except UserError as error:
            assert "\n" not in str(error)
        except Exception as error:
            raise AssertionError(name) from error


def test_numbers_are_those_that_a_float_holds():
    assert is_numbers([1, 2.5, -(10**300)], 3)
    for value in (10**400, -(10**309), float("inf"), float("nan"), "1", None):
        assert not is_numbers([value], 1)


CATEGORY = '{"images": [], "categories": [%s], "annotations": []}'


@pytest.mark.parametrize("category", ['{"id": [1]}', '{"id": {}}', "[1]", f'{{"id": {2**70}}}', '{"id": 1}, {"id": 1}'])
def test_categories_have_ids(category, tmp_path):
    (tmp_path / "a.json").write_text(CATEGORY % category)
    refused("category [12] of", check_annotations, tmp_path / "a.json", 17)


def test_ids_of_images_that_are_lists(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"image_id": [1], "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}]')
    refused(r"image_id of detection 1 .* is \[1\]", check_detections, path, {1})


@pytest.mark.parametrize("index", ["nan", "inf", "0.5"])
def test_the_index_of_a_table_is_an_integer(index, tmp_path):
    table, latency = tmp_path / "a.csv", tmp_path / "b.csv"
    table.write_text(f"arch_str,c10_val200,c10_test200,index\na,1,2,{index}\n")
    latency.write_text("index,fpga\n0,1\n")
    with pytest.raises(UserError, match=f"the index of 'a' in the table .* is {index}; it must be an integer"):
        TabularEvaluator(table, latency={"table": str(latency), "column": "fpga"})


def test_a_field_of_a_table_without_end(tmp_path):
    for text in ("a" * 200_000, "arch_str,b\n" + "a" * 200_000 + ",1\n"):
        (tmp_path / "a.csv").write_text(text)
        refused("line [12] of the table .* is damaged", read_columns, tmp_path / "a.csv", ("b",))


def test_a_record_of_exabytes(tmp_path):
    length = (1 << 62).to_bytes(8, "little")
    (tmp_path / "a").write_bytes(length + masked_crc(length).to_bytes(4, "little") + b"abc")
    refused("record 0 .* is cut off", lambda: list(read_trainings(tmp_path / "a")))
