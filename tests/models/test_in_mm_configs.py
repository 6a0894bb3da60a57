"""The README's configs, and one more: the backbone in configs that ship in the mm wheels, by two entries alone."""

import re
import subprocess
import sys

import pytest
from helpers import ROOT

pytestmark = pytest.mark.mm

README = re.findall(r"```python\n(_base_ = .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
RETINANET = """
_base_ = 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'
custom_imports = dict(imports=['relnas_mm'])
model = dict(
    backbone=dict(_delete_=True, type='CellBackbone', init_channels=4, num_cells=6),
    neck=dict(in_channels=[16, 32, 64], start_level=0))
"""

BUILD = """
import sys, torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmengine.model import revert_sync_batchnorm
for path in sys.argv[1:]:
    cfg = Config.fromfile(path)
    DefaultScope.get_instance(path, scope_name=cfg.default_scope)
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    assert type(model.backbone).__name__ == 'CellBackbone'
    with torch.no_grad():
        out = model.extract_feat(torch.rand(1, 3, 128, 96))
        if cfg.default_scope == 'mmdet':
            out = model.bbox_head(out) if hasattr(model, 'bbox_head') else model.rpn_head(out)
        else:
            out = (model.decode_head if cfg.default_scope == 'mmseg' else model.head)(out)
    print('built and run', path)
"""


@pytest.mark.slow
def test_configs_of_the_wheels(tmp_path):
    """In a new process that imports nothing of ours by itself, as in somebody else's project."""
    assert len(README) == 3
    paths = []
    for number, text in enumerate([*README, RETINANET]):
        paths.append(tmp_path / f"{number}.py")
        paths[-1].write_text(text)
    done = subprocess.run([sys.executable, "-c", BUILD, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("built and run") == len(paths)
