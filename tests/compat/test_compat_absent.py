"""Packages whose insides differ, as maintained forks do: every fix leaves them alone, and nothing fails to import."""

import os
import subprocess

import pytest
from helpers import ROOT, fresh

from relnas_mm.compat import FIXES

pytestmark = pytest.mark.unit

TARGETS = {
    "own_checkpoints": ("mmengine.logging.history_buffer", "has no HistoryBuffer"),
    "checkpoints_read_first": ("torch.serialization", "has no load"),
    "ssd_prediction": ("mmdet.models.dense_heads.ssd_head", "has no SSDHead"),
    "own_configs": ("mmengine.config.utils", "has no MODULE2PACKAGE"),
    "own_scope": ("mmengine.config.config", "has no Config"),
    "indexes_read_once": ("mmengine.config.utils", "has no load"),
    "complexity_of_inputs": ("mmengine.analysis.print_helper", "has no get_model_complexity_info"),
    "configs_formatted_once": ("mmengine.config.config", "has no FormatCode"),
}
"""Module that a fix changes, and what the doctor says when that module is empty."""

STAND_INS = {
    "compiled_ops": ("mmcv._ext", "answer"),
    "keypoint_evaluation": ("xtcocotools.coco", "answer"),
    "package_metadata": ("pkg_resources", "answer"),
}
"""Module that a fix serves, and a name in one that is installed and wins."""


def write_module(folder, name, text=""):
    path = folder
    for part in name.split(".")[:-1]:
        path = path / part
        path.mkdir(exist_ok=True)
        (path / "__init__.py").touch()
    (path / f"{name.split('.')[-1]}.py").write_text(text)


def test_every_fix_has_its_test():
    assert {fix.__name__ for fix in FIXES} == {*TARGETS, *STAND_INS}


@pytest.mark.parametrize("fix", TARGETS)
def test_a_fix_without_its_target_changes_nothing(fix, tmp_path):
    module, sentence = TARGETS[fix]
    write_module(tmp_path, module)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    code = f"""
        import importlib
        import relnas_mm
        module = importlib.import_module({module!r})
        print([name for name in vars(module) if not name.startswith("__")])
        print(relnas_mm.compat.failed()[{fix!r}])"""
    names, reason = fresh(code, folder=tmp_path, PYTHONPATH=path).splitlines()
    assert names == "[]" and reason.startswith("LookupError: ") and sentence in reason


@pytest.mark.parametrize("fix", STAND_INS)
def test_an_installed_module_is_not_replaced(fix, tmp_path):
    module, name = STAND_INS[fix]
    write_module(tmp_path, module, f"{name} = 'installed'")
    if fix == "keypoint_evaluation":
        write_module(tmp_path, "xtcocotools._mask")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    code = f"import relnas_mm, {module} as module; print(module.{name}, relnas_mm.compat.failed())"
    assert fresh(code, folder=tmp_path, PYTHONPATH=path) == "installed {}"


def test_a_registration_that_fails_is_a_warning(tmp_path):
    """An mm package that lacks what our classes build on."""
    write_module(tmp_path, "mmengine.model", "")
    write_module(tmp_path, "mmengine.registry", "")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    code = """
        import warnings
        import relnas_mm
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import mmengine.model
        print(*(str(warning.message) for warning in caught if "registered" in str(warning.message)))
        print(*relnas_mm.compat.failed())"""
    warning, failed = fresh(code, folder=tmp_path, PYTHONPATH=path).splitlines()
    assert warning.startswith("relnas_mm.models cannot be registered (cannot import name")
    assert failed == "registration of relnas_mm.models"


FORKS = os.environ.get("RELNAS_FORKS_PYTHON")


@pytest.mark.mm
@pytest.mark.skipif(
    not FORKS, reason="RELNAS_FORKS_PYTHON names no interpreter with onedl-mmengine and onedl-mmdetection"
)
def test_a_detector_on_the_maintained_forks(tmp_path):
    """Trains and tests by `tools/train.py`, with mmcv-lite; docs/install.md says how to make that environment."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "SHAPES_ROOT": str(tmp_path)}

    def run(*command):
        done = subprocess.run([FORKS, *map(str, command)], cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    run("tools/make_shapes.py", tmp_path, "--layout", "voc", "--splits", "train=8", "val=4", "test=4")
    config = "configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
    run("tools/train.py", config, "--work-dir", tmp_path / "run", "--cfg-options", "train_cfg.max_epochs=1")
    assert "mAP" in run("tools/test.py", config, tmp_path / "run" / "epoch_1.pth", "--work-dir", tmp_path / "test")
