"""The three import hooks, on modules made for the purpose."""

import importlib
import inspect
import sys

import pytest

from relnas_mm.compat import hooks

pytestmark = pytest.mark.unit


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes a module and returns its name, unknown to Python so far."""

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        forget.append(name)
        return name

    forget: list[str] = []
    monkeypatch.syspath_prepend(str(tmp_path))
    yield write
    for name in forget:
        sys.modules.pop(name, None)


def fill(module):
    module.answer = "stand-in"


def test_a_missing_module_is_served():
    hooks.serve("relnas_test_missing", fill)
    assert importlib.import_module("relnas_test_missing").answer == "stand-in"
    assert importlib.import_module("relnas_test_missing").__spec__.origin == hooks.ORIGIN


def test_an_installed_module_wins(package):
    name = package("relnas_test_installed", "answer = 'real'")
    hooks.serve(name, fill)
    assert importlib.import_module(name).answer == "real"


def test_a_served_module_may_come_from_a_file_and_survives_a_reload(tmp_path):
    (tmp_path / "any.py").write_text("answer = 'file'")
    hooks.serve("relnas_test_file", tmp_path / "any.py")
    module = importlib.import_module("relnas_test_file")
    assert importlib.reload(module).answer == "file"


@pytest.mark.parametrize("works,answer", [(True, "real"), (False, "stand-in")])
def test_a_module_is_replaced_only_if_it_does_not_work(package, works, answer):
    name = package(f"relnas_test_works_{works}".lower(), "answer = 'real'")
    hooks.serve_unless(name, fill, lambda: works)
    assert importlib.import_module(name).answer == answer


def test_callbacks_run_once_each_after_the_import_and_the_source_stays(package):
    name = package("relnas_test_after", "def f():\n    return 1\n")
    seen = []
    hooks.after_import(name, lambda module: seen.append(("first", module.f())))
    hooks.after_import(name, lambda module: seen.append(("second", module.f())))
    assert seen == []
    module = importlib.import_module(name)
    importlib.import_module(name)
    assert seen == [("first", 1), ("second", 1)]
    assert "return 1" in inspect.getsource(module.f)


def test_a_callback_for_an_imported_module_runs_at_once():
    seen = []
    hooks.after_import("inspect", seen.append)
    assert seen == [inspect]


def test_a_package_whose_compiled_part_crashes_does_not_load(tmp_path, monkeypatch):
    folder = tmp_path / "relnas_test_abi"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "_mask.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.warns(UserWarning, match="does not load .numpy.dtype size changed"):
        assert not hooks.compiled_part_loads("relnas_test_abi", "_mask")
    (folder / "_mask.py").write_text("")
    assert hooks.compiled_part_loads("relnas_test_abi", "_mask")
    assert not hooks.compiled_part_loads("relnas_test_not_there", "_mask")
    sys.modules.pop("relnas_test_abi._mask", None)
