"""Configs that inherit from this package's."""

import pytest

import relnas_mm  # noqa: F401


@pytest.fixture(autouse=True)
def _no_scope_of_this_package(request, monkeypatch):
    """Types of a base config of this package are those of the package that the config trains with."""
    if request.node.get_closest_marker("mm") is None:
        return
    from mmengine.config import Config

    find = Config._get_cfg_path

    def found(path, filename):
        file, scope = find(path, filename)
        return file, None if scope == "relnas_mm" else scope

    monkeypatch.setattr(Config, "_get_cfg_path", staticmethod(found))
