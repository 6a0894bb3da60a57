"""The fixes on the real mm packages: operators, package metadata, SSD."""

import inspect

import pytest
import torch
from helpers import ROOT, fresh

from relnas_mm import compat
from relnas_mm.compat.ops.precision import refuse_if_deterministic
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm
needs_stand_in = pytest.mark.skipif(
    not compat.ops_backend().startswith("stand-in"), reason="a compiled mmcv is installed"
)


def test_a_compiled_mmcv_wins(tmp_path):
    (tmp_path / "mmcv").mkdir()
    (tmp_path / "mmcv" / "__init__.py").write_text("")
    (tmp_path / "mmcv" / "_ext.py").write_text("def get_compiler_version(): return 'GCC 13'")
    out = fresh(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from relnas_mm import compat
        compat.apply()
        print(compat.ops_backend(), '|', 'torch' in sys.modules)""")
    assert out == "compiled mmcv (GCC 13) | False"


@needs_stand_in
def test_a_missing_operator_fails_only_when_called():
    from mmcv import _ext, ops

    assert ops.box_iou_rotated and ops.RoIAlignRotated
    with pytest.raises(UserError, match="operator 'box_iou_rotated' exists only in a compiled mmcv: build"):
        ops.box_iou_rotated(torch.zeros(1, 5), torch.zeros(1, 5))
    assert not hasattr(_ext, "__path__") and not hasattr(_ext, "_private")


@needs_stand_in
def test_every_operator_of_mmdet_mmseg_and_mmpose_is_there():
    from relnas_mm.compat.ops import BACKED

    assert len(BACKED) == 34
    assert all(callable(function) for function in BACKED.values())


@needs_stand_in
def test_the_environment_report_of_mmcv_names_the_stand_in():
    from mmcv.utils import collect_env

    assert "relnas_mm.compat" in collect_env()["MMCV Compiler"]


def test_private_operators_of_torchvision_exist():
    import torchvision  # noqa: F401

    for name in ("_roi_align_backward", "_deform_conv2d_backward", "roi_align", "deform_conv2d"):
        assert getattr(torch.ops.torchvision, name).default


class OnCuda:
    is_cuda = True


def test_deterministic_gradients_on_cuda_are_refused_in_one_sentence():
    refuse_if_deterministic("RoIAlign", OnCuda())
    torch.use_deterministic_algorithms(True)
    try:
        with pytest.raises(UserError, match="RoIAlign has no deterministic backward pass on CUDA.*deterministic=False"):
            refuse_if_deterministic("RoIAlign", OnCuda())
        refuse_if_deterministic("RoIAlign", torch.zeros(1))
        torch.use_deterministic_algorithms(True, warn_only=True)
        refuse_if_deterministic("RoIAlign", OnCuda())
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_deterministic_roi_align_on_cuda_is_refused_only_in_the_backward_pass():
    from mmcv import ops

    feature = torch.rand(1, 1, 8, 8, device="cuda", requires_grad=True)
    rois = torch.tensor([[0.0, 0.0, 0.0, 6.0, 6.0]], device="cuda")
    torch.use_deterministic_algorithms(True)
    try:
        out = ops.roi_align(feature, rois, (2, 2), 1.0, 2, "avg", True)
        with pytest.raises(UserError, match="RoIAlign has no deterministic backward"):
            out.sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)


ANCHORS = {
    "type": "SSDAnchorGenerator",
    "scale_major": False,
    "input_size": 300,
    "basesize_ratio_range": (0.15, 0.9),
    "strides": [8, 16, 32, 64, 100, 300],
    "ratios": [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
}


def test_ssd_head_gets_a_loss_and_a_subclass_keeps_its_own():
    head = pytest.importorskip("mmdet.models.dense_heads.ssd_head")
    from mmengine.registry import DefaultScope

    class Own(head.SSDHead):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.loss_cls = torch.nn.Identity()

    with DefaultScope.overwrite_default_scope("mmdet"):
        plain, own = (cls(in_channels=(4,) * 6, anchor_generator=ANCHORS) for cls in (head.SSDHead, Own))
    assert plain.loss_cls is None and isinstance(own.loss_cls, torch.nn.Identity)
    assert "class SSDHead(" in inspect.getsource(head.SSDHead)
    assert "anchor_generator" in inspect.signature(head.SSDHead).parameters


def test_package_metadata_without_setuptools():
    out = fresh(f"""
        import sys
        from relnas_mm import compat
        from relnas_mm.compat import hooks
        compat.apply()
        class Hiding:  # the real pkg_resources hidden from every finder but ours, as with setuptools 82
            def __init__(self, finder):
                self.finder = finder
            def find_spec(self, name, path=None, target=None):
                return None if name.startswith('pkg_resources') else self.finder.find_spec(name, path, target)
        sys.meta_path[1:-1] = [Hiding(finder) for finder in sys.meta_path[1:-1]]
        from mmengine.utils import get_installed_path, is_installed
        import pkg_resources
        assert pkg_resources.__file__.startswith({str(ROOT)!r}), pkg_resources.__file__
        assert pkg_resources.parse_version('1.10') > pkg_resources.parse_version('1.9')
        print(is_installed('mmengine'), is_installed('not-there'), get_installed_path('mmengine')[-8:])""")
    assert out == "True False mmengine"


def test_the_index_of_a_package_is_read_once():
    out = fresh("""
        from relnas_mm import compat
        compat.apply()
        from mmengine.config import Config
        from mmengine.fileio.handlers import YamlHandler
        reads, plain = [], YamlHandler.load_from_fileobj
        YamlHandler.load_from_fileobj = lambda *args, **options: reads.append(1) or plain(*args, **options)
        counts = []
        for name in ("retinanet/retinanet_r18_fpn_1x_coco", "yolo/yolov3_d53_8xb8-320-273e_coco"):
            Config._get_cfg_path(f"mmdet::{name}.py", "here.py")
            counts.append(len(reads))
        print(counts[0] > 10, counts[1] - counts[0])""")
    assert out == "True 0"


def test_a_config_is_formatted_once_for_all_its_readers():
    out = fresh("""
        import yapf.yapflib.yapf_api as yapf
        texts, plain = [], yapf.FormatCode
        yapf.FormatCode = lambda text, **options: texts.append(text) or plain(text, **options)
        from relnas_mm import compat
        compat.apply()
        from mmengine.config import Config
        config = Config({"model": {"type": "SSD", "sizes": [1, 2]}})
        first = config.pretty_text
        same = config.copy().pretty_text == first
        config.model.type = "SSDLite"
        print(same, len(texts), "'SSDLite'" in config.pretty_text, len(texts), texts[0] != texts[1])""")
    assert out == "True 1 True 2 True"
