"""Tables measured on this machine, and carried from another one."""

import json
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
import torch

from relnas_mm.errors import UserError
from relnas_mm.latency import LatencyTable
from relnas_mm.latency.graphs import read_timings, write_graphs
from relnas_mm.latency.measure import check_runtime, measure_table, table_from_timings
from relnas_mm.latency.plan import plan_measurement
from relnas_mm.networks import NetworkShape
from relnas_mm.spaces import CellSpace

pytestmark = pytest.mark.unit
SHAPE = NetworkShape(8, 4, 3, image_size=24)


@pytest.fixture(scope="module")
def plan():
    with mock.patch("relnas_mm.latency.plan.CALIBRATION", 5):  # networks take longer than blocks
        return plan_measurement(CellSpace(), SHAPE, check=3)


def sensible(table: LatencyTable, plan) -> None:
    """Rough, as machines that run tests are busy: what is exact is tested with given timings."""
    assert list(table.blocks) == list(plan.blocks) and table.provenance["commit"] == "abc"
    largest = max(ms for block, ms in table.blocks.items() if block.name == "sep_conv_5x5")
    assert largest > min(ms for block, ms in table.blocks.items() if block.name == "relu")
    assert 0.2 < table.scale < 5.0 and table.check["networks"] == 3
    assert all(ratio < 3.0 for ratio in map(lambda p, m: max(p / m, m / p), *_points(table)))


def _points(table):
    return table.check["predicted_ms"], table.check["measured_ms"]


@pytest.mark.parametrize("runtime", ["torch", "onnxruntime", pytest.param("openvino", marks=pytest.mark.slow)])
def test_a_table_is_measured(plan, runtime):
    if runtime != "torch":
        pytest.importorskip(runtime)
    table = measure_table(plan, runtime, torch.device("cpu"), 1, {"commit": "abc"})
    sensible(table, plan)
    assert table.runtime == runtime and table.threads == 1 and "cores" in table.device


@pytest.fixture(scope="module")
def carried(plan, tmp_path_factory):
    """The folder that is carried to another device, with its timings."""
    pytest.importorskip("onnxruntime")
    folder = tmp_path_factory.mktemp("carried") / "graphs"
    write_graphs(plan, folder)
    # that there is neither torch nor this package is what the other device is like
    block = "import sys; sys.modules['torch'] = sys.modules['relnas_mm'] = None; sys.argv[1:] = [{0!r}]; "
    run = "import runpy; runpy.run_path({1!r}, run_name='__main__')"
    code = (block + run).format(str(folder), str(folder / "time_graphs.py"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "carry it back" in done.stdout
    return folder


def test_timings_of_another_device_become_a_table(plan, carried):
    timings = read_timings(plan, carried / "timings.json")
    table = table_from_timings(plan, timings, {"commit": "abc"})
    sensible(table, plan)
    assert table.provenance["runtime_version"].startswith("onnxruntime ")


def test_timings_of_another_plan_are_refused(carried):
    other = plan_measurement(CellSpace(), NetworkShape(8, 5, 3, image_size=24), check=6)
    with pytest.raises(UserError, match="belong to the graphs of another config, seed or version"):
        read_timings(other, carried / "timings.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found["ms"].popitem(), "lack 1 graphs"),
        (lambda found: found["ms"].update({"empty.onnx": -1}), "empty.onnx took -1 ms"),
        (lambda found: found.update(runtime="torch"), "name runtime 'torch'"),
        (lambda found: found.update(threads=0), "0 threads"),
        (lambda found: found.pop("plan"), "must be a mapping with the keys"),
    ],
)
def test_damaged_timings_are_refused(plan, carried, tmp_path, change, message):
    found = json.loads((carried / "timings.json").read_text())
    change(found)
    (tmp_path / "timings.json").write_text(json.dumps(found))
    with pytest.raises(UserError, match=message):
        read_timings(plan, tmp_path / "timings.json")


def test_runtimes_that_cannot_be_used(monkeypatch):
    with pytest.raises(UserError, match="is used on CPUs only, but the device is 'cuda'"):
        check_runtime("onnxruntime", torch.device("cuda"))
    with pytest.raises(UserError, match="the runtime is 'tflite'; allowed are"):
        check_runtime("tflite", torch.device("cpu"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "openvino" else object())
    with pytest.raises(UserError, match="'openvino' is not installed: run `pip install openvino`"):
        check_runtime("openvino", torch.device("cpu"))


def test_the_script_says_what_is_missing(tmp_path):
    script = Path(__file__).parents[2] / "relnas_mm" / "latency" / "time_graphs.py"
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1 and "has no ONNX graphs" in done.stderr and "Traceback" not in done.stderr
