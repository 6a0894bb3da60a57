"""What all tests share: the real mini data, and a quiet, deterministic start."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: test processes run side by side

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real mini data sets: RELNAS_DATA, else `../shared/data` beside the checkout."""
    folder = Path(os.environ.get("RELNAS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real mini data are not at {folder} (set RELNAS_DATA)")
    return folder
