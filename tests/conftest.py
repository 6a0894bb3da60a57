"""What all tests share: the real mini data, and a quiet, deterministic start."""

import os
import signal
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: test processes run side by side

import pytest
from helpers.processes import ROOT

from relnas_mm.operating_system import usable_cores

# Images of containers forbid bytecode; hundreds of processes would compile OpenMMLab's packages anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

MOST_WORKERS = 8
"""More test processes would only import the same packages."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: a test process for each core that this one may use."""
    return min(usable_cores(), MOST_WORKERS)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real mini data sets: RELNAS_DATA, else `../shared/data` beside the checkout."""
    folder = Path(os.environ.get("RELNAS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real mini data are not at {folder} (set RELNAS_DATA)")
    return folder


@pytest.fixture
def usual_signals():
    """Those of a terminal; processes that a shell starts in the background ignore some, as do their children."""
    usual = {"SIGINT": signal.default_int_handler, "SIGTERM": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL}
    numbers = {getattr(signal, name): handler for name, handler in usual.items() if hasattr(signal, name)}
    former = {number: signal.signal(number, handler) for number, handler in numbers.items()}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.fixture
def no_pauses(monkeypatch):
    """Loops by iterations without the two seconds that MMEngine sleeps between passes over the data."""
    monkeypatch.setattr("mmengine.runner.loops.time.sleep", lambda seconds: None)


@pytest.fixture(autouse=True)
def _no_scope_or_visualizer_of_another_test():
    yield
    if "mmengine" in sys.modules:
        from helpers.mm import forget_globals

        forget_globals()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests first, so that no test process ends long after the others."""
    long = {item.path for item in items if item.get_closest_marker("e2e")}
    items.sort(key=lambda item: item.path not in long)
