"""Folders of data that cannot be paths are named in one sentence."""

import pytest

from relnas_mm.datasets.arrays import load_images
from relnas_mm.errors import UserError
from relnas_mm.files import expanded

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("folder", ["~nobody-of-that-name/data", "a\0b", "x" * 20_000])
def test_folders_that_cannot_be_used(folder):
    with pytest.raises(UserError, match="the data folder of type 'cifar10' is .* which cannot be used: ") as error:
        load_images("cifar10", folder)
    assert len(str(error.value)) < 300


def test_home_folders_and_missing_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a").write_text("")
    for name in ("~", "~/none", "~/a/b"):
        assert expanded(name, "it") == tmp_path / name.removeprefix("~").lstrip("/")
