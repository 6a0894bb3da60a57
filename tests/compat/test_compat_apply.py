"""`apply` and `require`, in new interpreters: light, repeatable, possible to turn off, fine without mm packages."""

import pytest
from helpers import fresh

from relnas_mm import compat
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit

HEAVY = {"torch", "torchvision", "numpy", "mmengine", "mmcv", "mmdet", "mmseg", "mmpose", "pycocotools"}
BLOCK_MM = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"mmengine", "mmcv", "mmdet", "mmseg", "mmpose", "xtcocotools"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
"""


def test_applying_imports_nothing_heavy_and_is_repeatable():
    fresh(f"""
        import sys
        from relnas_mm import compat
        names = compat.apply()
        finders = len(sys.meta_path)
        assert compat.apply() == names and len(names) == len(compat.FIXES)
        assert len(sys.meta_path) == finders
        heavy = {HEAVY!r} & set(sys.modules)
        assert not heavy, heavy""")


def test_the_switch_turns_it_off():
    code = """
        import sys
        finders = len(sys.meta_path)
        from relnas_mm.compat import hooks, apply
        print(apply(), hooks.serves("mmcv._ext"))"""
    assert fresh(code, RELNAS_MM_COMPAT="0") == "() False"


def test_a_strange_switch_is_refused(monkeypatch):
    monkeypatch.setenv(compat.SWITCH, "maybe")
    with pytest.raises(UserError, match="RELNAS_MM_COMPAT is 'maybe'; 0 turns"):
        compat.apply()


def test_without_any_mm_package():
    out = fresh(
        BLOCK_MM
        + """
from relnas_mm import compat
from relnas_mm.errors import UserError
compat.apply()
print(compat.ops_backend())
try:
    compat.require("mmdet", for_what="SSD configs")
except UserError as error:
    print(error)
"""
    )
    backend, sentence = out.split("\n", 1)
    assert backend == "none (No module named 'mmcv')"
    assert sentence.startswith("SSD configs need mmdet, which does not import here (ModuleNotFoundError")
    assert "pip install 'mmdet==3.3.0'" in sentence and "\n" not in sentence


def test_a_package_that_breaks_on_import_is_named(tmp_path, monkeypatch):
    (tmp_path / "relnas_test_broken.py").write_text("raise AttributeError('module numpy has\\nno attribute int')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UserError, match="Nothing need.*AttributeError: module numpy has no attribute int"):
        compat.require("relnas_test_broken", for_what="Nothing")


def test_what_is_there_is_returned():
    import json

    assert compat.require("json", for_what="Tests") is json
