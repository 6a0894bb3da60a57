"""The backbone drops into configs that ship in the mm wheels by `custom_imports` and `type='CellBackbone'` alone."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.mm

SMALL = "type='CellBackbone', init_channels=4, num_cells=6"  # maps of 16, 32 and 64 channels

CONFIGS = {
    "faster-rcnn": f"""
_base_ = 'mmdet::pascal_voc/faster-rcnn_r50_fpn_1x_voc0712.py'
custom_imports = dict(imports=['relnas_mm'])
model = dict(
    backbone=dict(_delete_=True, {SMALL}, out_indices=('stem', 0, 1, 2)),
    neck=dict(in_channels=[4, 16, 32, 64]))
""",
    "retinanet": f"""
_base_ = 'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py'
custom_imports = dict(imports=['relnas_mm'])
model = dict(
    backbone=dict(_delete_=True, {SMALL}),
    neck=dict(in_channels=[16, 32, 64], start_level=0))
""",
    "deeplabv3plus": f"""
_base_ = 'mmseg::deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024.py'
custom_imports = dict(imports=['relnas_mm'])
model = dict(
    pretrained=None,
    backbone=dict(_delete_=True, {SMALL}, output_stride=8, out_indices=('stem', 0, 1, 2)),
    decode_head=dict(in_index=3, in_channels=64, c1_in_channels=4, channels=16),
    auxiliary_head=dict(in_index=2, in_channels=32, channels=16))
""",
    "simple-baseline": f"""
_base_ = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'
custom_imports = dict(imports=['relnas_mm'])
model = dict(backbone=dict(_delete_=True, {SMALL}, out_indices=(2,)), head=dict(in_channels=64))
""",
}

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


def test_configs_of_the_wheels(tmp_path):
    """In a new process that imports nothing of ours by itself, as in somebody else's project."""
    paths = []
    for name, text in CONFIGS.items():
        paths.append(tmp_path / f"{name}.py")
        paths[-1].write_text(text)
    done = subprocess.run([sys.executable, "-c", BUILD, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("built and run") == len(CONFIGS)
