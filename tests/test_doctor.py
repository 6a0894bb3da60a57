"""The doctor: its rules on made-up facts, its child processes on made-up packages, its command as a user runs it."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest
from helpers import ROOT

from relnas_mm.compat.versions import TESTED, compare_with_tested, release
from relnas_mm.doctor import Facts, Package, Report
from relnas_mm.doctor.probe import probe
from relnas_mm.doctor.remedies import remedy_for
from relnas_mm.doctor.rules import judge
from relnas_mm.doctor.table import as_text

unit = pytest.mark.unit


def facts(packages=None, **changes) -> Facts:
    """A healthy environment with some changes."""
    versions = {tested.module: Package(tested.requirement.partition("==")[2] or tested.highest) for tested in TESTED}
    versions["setuptools"] = Package("81.0.0")
    healthy = Facts(python="3.11.7", packages=versions, backend="stand-in", torch_wanted="==2.11.0")
    return dataclasses.replace(healthy, packages={**versions, **(packages or {})}, **changes)


@unit
def test_a_healthy_environment_has_no_problem():
    assert judge(facts()) == ()
    assert "No conflict found." in as_text(Report(facts())) and "can run." in as_text(Report(facts()))


BROKEN = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"
CONFLICTS = {
    "missing torch": (
        {"packages": {"torch": Package(error="ModuleNotFoundError: No module named 'torch'")}},
        "torch does not import",
        "pip install 'torch==2.11.0'",
        True,
    ),
    "missing mmseg": (
        {"packages": {"mmseg": Package(error="ModuleNotFoundError: No module named 'mmseg'")}},
        "only segmentation needs it",
        "pip install 'mmsegmentation==1.2.2'",
        False,
    ),
    "opencv without a display": (
        {"packages": {"cv2": Package(error=BROKEN)}},
        "OpenCV needs the libraries of a display",
        "pip install opencv-python-headless",
        True,
    ),
    "an outdated start": (
        {"compat_at_start": "outdated"},
        "start the compatibility layer is of another version",
        "relnas-mm compat install",
        False,
    ),
    "a fix without its target": (
        {"fixes_failed": {"configs_formatted_once": "LookupError: mmengine.config.config has no FormatCode"}},
        "The fix 'configs_formatted_once' of relnas_mm.compat does not apply here",
        "pip install 'mmengine==0.10.7'",
        False,
    ),
    "two opencv": (
        {"distributions": frozenset({"opencv-python", "opencv-python-headless"})},
        "opencv-python and opencv-python-headless are installed over each other",
        "pip uninstall -y opencv-python",
        False,
    ),
    "two mmcv": (
        {"distributions": frozenset({"mmcv", "mmcv-lite"})},
        "installed over each other",
        "pip uninstall -y mmcv mmcv-lite",
        False,
    ),
    "numpy 2.4": (
        {"packages": {"numpy": Package("2.4.1")}},
        "mmpose's visualizer fails on NumPy 2.4.1",
        "pip install 'numpy<2.4'",
        False,
    ),
    "setuptools 84": (
        {"packages": {"setuptools": Package("84.0.0")}},
        "setuptools 84.0.0 has no pkg_resources",
        "pip install 'setuptools<82'",
        False,
    ),
    "torch and torchvision": (
        {"packages": {"torch": Package("2.12.0+cu130")}},
        "torchvision 0.26.0 is built for torch==2.11.0, not for torch 2.12.0",
        "torch==2.11.0 torchvision==0.26.0",
        False,
    ),
    "operators on CUDA": (
        {"ops_error": "RuntimeError: nms_impl: implementation for device cuda:0 not found.", "gpus": ("H100",)},
        "do not run on H100",
        "mmcv-lite==2.1.0",
        True,
    ),
    "driver without a usable device": (
        {"has_nvidia_driver": True},
        "torch 2.11.0 finds no device",
        "pip install --force-reinstall 'torch==2.11.0'",
        False,
    ),
    "no permission": ({"writable": False, "folder": "/srv/x"}, "/srv/x cannot be written", "chmod u+w '/srv/x'", True),
    "little disk": ({"free_disk": 0.5}, "0.5 GiB free", "--work-dir", False),
    "little memory": ({"free_memory": 1.0}, "1.0 GiB of memory", "batch_size=2", False),
    "little shared memory": ({"shared_memory": 0.06}, "/dev/shm has 0.06 GiB", "num_workers=0", False),
    "old Python": ({"python": "3.9.1"}, "Python 3.9.1 is not among", "uv venv --python", False),
    "new torch": (
        {"packages": {"torch": Package("2.99.0")}, "torch_wanted": ">=2.14.0"},
        "torch 2.99.0 is newer than the versions tried",
        "pip install 'torch==2.11.0'",
        False,
    ),
}


@unit
@pytest.mark.parametrize("name", CONFLICTS)
def test_each_conflict_is_one_sentence_with_a_command(name):
    changes, sentence, command, fatal = CONFLICTS[name]
    problems = [problem for problem in judge(facts(**changes)) if sentence in problem.sentence]
    assert len(problems) == 1, judge(facts(**changes))
    assert command in problems[0].command and problems[0].fatal is fatal
    report = Report(facts(**changes), judge(facts(**changes)))
    assert report.ok is not fatal
    assert f"$ {problems[0].command}" in as_text(report)


@unit
def test_packages_that_break_alike_are_one_problem():
    error = "ModuleNotFoundError: No module named 'mmcv._ext'"
    broken = dict.fromkeys(("mmcv", "mmdet", "mmseg"), Package(error=error))
    (problem,) = judge(facts(packages=broken, compat_on=False, ops_error=error))
    assert problem.sentence.startswith("mmcv, mmdet, mmseg do not import") and problem.fatal
    assert problem.command == "unset RELNAS_MM_COMPAT"


@unit
@pytest.mark.parametrize(
    "error,command",
    [
        ("AssertionError: MMCV==2.2.0 is used but incompatible. Please install mmcv>=2.0", "mmcv-lite==2.1.0"),
        ("ImportError: /x/mmcv/_ext.cpython-311.so: undefined symbol: _ZN3c10", "pip uninstall -y mmcv"),
        ("ModuleNotFoundError: No module named 'mmcv._ext'", "unset RELNAS_MM_COMPAT"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<82"),
        ("RuntimeError: operator torchvision::nms does not exist", "torchvision==0.26.0"),
        ("ValueError: numpy.dtype size changed, may indicate binary incompatibility", "--no-deps mmdet"),
        ("ModuleNotFoundError: No module named 'ftfy'", "pip install 'ftfy'"),
        ("ModuleNotFoundError: No module named 'cv2'", "opencv-python-headless"),
        ("ModuleNotFoundError: No module named 'mmpose'", "--no-deps mmpose==1.3.2"),
        ("did not finish in 180 seconds", "--force-reinstall 'mmdet==3.3.0'"),
    ],
)
def test_known_import_errors_have_a_remedy(error, command):
    assert command in remedy_for("mmdet", error)[1]


@unit
def test_versions_compare_by_numbers():
    assert release("2.11.0+cu130") == release("2.11") == (2, 11)
    assert release("2.9.0") < release("2.11.0")
    assert compare_with_tested("mmdet", "3.3.0") == "tested"
    assert compare_with_tested("mmdet", "3.4.0") == "newer"
    assert compare_with_tested("torch", "2.3.1") == "older"


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Packages that import, raise, crash, leave or hang, where a child process finds them."""
    bodies = {
        "relnas_fine": "__version__ = '1.5'\nprint('noise')",
        "relnas_raises": "raise ImportError('first\\nsecond')",
        "relnas_crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "relnas_leaves": "import os; os._exit(3)",
        "relnas_hangs": "import time; time.sleep(60)",
    }
    for name, body in bodies.items():
        (tmp_path / f"{name}.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return [*bodies, "relnas_missing"]


@unit
def test_no_package_takes_the_doctor_down(packages):
    found = probe([*packages, "relnas_fine"], patience=2.0)
    assert found["relnas_fine"] == {"version": "1.5", "error": None, "stand_in": False}
    assert found["relnas_raises"]["error"] == "ImportError: first second"
    assert found["relnas_crashes"]["error"] == "crashed the interpreter (SIGSEGV)"
    assert found["relnas_leaves"]["error"] == "ended the interpreter (exit code 3)"
    assert found["relnas_hangs"]["error"] == "did not finish in 2 seconds"
    assert found["relnas_missing"]["error"] == "ModuleNotFoundError: No module named 'relnas_missing'"


def run_doctor(*arguments, **env):
    command = [sys.executable, str(ROOT / "tools" / "doctor.py"), *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.e2e
@pytest.mark.mm
def test_the_doctor_of_this_environment(tmp_path):
    pytest.importorskip("mmdet")
    done = run_doctor("--json", "--folder", str(tmp_path))
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["ok"] else 1)
    assert report["ok"], report["problems"]
    assert report["facts"]["ops_error"] is None
    assert report["facts"]["folder"] == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.e2e
def test_the_doctor_where_everything_is_broken(tmp_path):
    """Every package is replaced by one that does not import: quick, a table all the same, and exit code 1."""
    for tested in TESTED:
        (tmp_path / f"{tested.module}.py").write_text("raise RuntimeError('broken on purpose')")
    done = run_doctor("--folder", str(tmp_path), PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "RuntimeError: broken on purpose" in done.stdout
    assert "cannot run until the errors above are solved" in done.stdout
    assert "error: torch does not import" in done.stdout
