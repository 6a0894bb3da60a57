"""The package as a whole: a cheap import, lazy registration, configs and tools where mmengine looks for them."""

import subprocess
import sys

import pytest
from helpers import ROOT, fresh


@pytest.mark.unit
def test_the_import_brings_no_other_package():
    """Which is what keeps it cheap; `benchmarks/overhead.py` has the seconds."""
    brought = fresh(
        "import sys, torch; before = set(sys.modules); import relnas_mm;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    assert brought == "relnas_mm"


@pytest.mark.mm
def test_everything_is_registered_as_soon_as_mmengine_is():
    names = fresh(
        "import relnas_mm, mmengine.runner; from mmengine.registry import HOOKS, LOOPS, MODELS;"
        "print(*(name in registry for name, registry in (('CellBackbone', MODELS), ('SearchLoop', LOOPS),"
        " ('ChannelsLastHook', HOOKS), ('ValidateBeforeTrainHook', HOOKS))))"
    )
    assert names == "True True True True"


@pytest.mark.unit
def test_it_works_without_any_mm_package():
    out = fresh("""
import sys, importlib.abc
class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('mmengine', 'mmcv', 'mmdet', 'mmseg', 'mmpose'):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
import relnas_mm
from relnas_mm.architectures import load_genotype
from relnas_mm.networks import CellTrunk
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import SlowFastLearning
from relnas_mm.evaluators import SupernetEvaluator
search = SlowFastLearning(CellSpace(), 4, 1, seed=0)
while not search.done:
    group = search.ask()
    search.tell(group, [sum(c.vector) for c in group.candidates])
print(type(search.best.candidate.architecture).__name__)
""")
    assert out == "Genotype"


@pytest.mark.mm
def test_configs_of_ours_are_bases_for_others(tmp_path):
    config = tmp_path / "mine.py"
    config.write_text(
        "_base_ = 'relnas_mm::ssd/ssd300_relativenas_120e_voc07.py'\nmodel = dict(bbox_head=dict(num_classes=3))\n"
    )
    out = fresh(
        f"import relnas_mm; from mmengine.config import Config; c = Config.fromfile({str(config)!r});"
        "print(c.model.backbone.type, c.model.bbox_head.num_classes)",
        tmp_path,  # somebody else's project
    )
    assert out.splitlines()[-1] == "CellBackbone 3"


FIRST = """
import importlib, os, sys
import torch.distributed.optim, torchvision  # most of what mmengine imports; nothing of it is mmengine's
for part in sys.argv[1:]:
    if os.fork() == 0:
        import relnas_mm
        importlib.import_module("mmengine." + part)
        from mmengine.registry import MODELS
        import mmengine.runner
        assert MODELS.get("CellBackbone")
        os._exit(0)
    print(part, os.wait()[1])
"""


@pytest.mark.mm
def test_any_part_of_mmengine_may_be_imported_first():
    """mmengine's packages import each other in circles; registering in the midst of one must not break it."""
    parts = ("model", "hooks", "runner", "registry", "evaluator", "dataset")
    done = subprocess.run([sys.executable, "-c", FIRST, *parts], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines() == [f"{part} 0" for part in parts], done.stderr[-2000:]
