"""Models of different families with a cell: they train, every parameter of the cell too, and predict."""

import copy
from pathlib import Path

import pytest
from helpers import called
from mmengine.utils import get_installed_path

from relnas_mm.cli.transfer import main
from relnas_mm.errors import UserError
from relnas_mm.transfer.cell import choose_cell
from relnas_mm.transfer.into import transfer_into
from relnas_mm.transfer.patch import patch_model
from relnas_mm.transfer.source import read_source, without_scopes
from relnas_mm.transfer.trial import trial

pytestmark = pytest.mark.mm

CELL = choose_cell("relativenas", 8, 3)
POSE = "body_2d_keypoint"
FAMILIES = {
    "two-stage": ("mmdet", "pascal_voc/faster-rcnn_r50_fpn_1x_voc0712.py"),
    "reversed": ("mmdet", "yolo/yolov3_mobilenetv2_8xb24-320-300e_coco.py"),
    "SSD": ("mmdet", "ssd/ssdlite_mobilenetv2-scratch_8xb24-600e_coco.py"),
    "mask": ("mmdet", "solo/decoupled-solo-light_r50_fpn_3x_coco.py"),
    "nested": ("mmdet", "qdtrack/qdtrack_faster-rcnn_r50_fpn_4e_base.py"),
    "auxiliary, dilated": ("mmseg", "deeplabv3plus/deeplabv3plus_r18-d8_4xb2-80k_cityscapes-512x1024.py"),
    "concatenating": ("mmseg", "hrnet/fcn_hr18s_4xb2-40k_cityscapes-512x1024.py"),
    "in a wrapper": ("mmseg", "stdc/stdc1_4xb12-80k_cityscapes-512x1024.py"),
    "two paths": ("mmseg", "bisenetv1/bisenetv1_r18-d32_4xb4-160k_cityscapes-1024x1024.py"),
    "heatmaps": ("mmpose", f"{POSE}/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py"),
    "SimCC": ("mmpose", f"{POSE}/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py"),
}


def source(package, config):
    return read_source(str(Path(get_installed_path(package)) / ".mim" / "configs" / config))


def plain(settings):
    if isinstance(settings, dict):
        return {key: plain(value) for key, value in settings.items()}
    return [plain(value) for value in settings] if isinstance(settings, (list, tuple)) else settings


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_trains(family, tmp_path):
    old = source(*FAMILIES[family])
    transferred = transfer_into(old, CELL)
    file = tmp_path / "new.py"
    file.write_text(transferred.text(file))
    new = read_source(str(file))
    assert plain(without_scopes(new.model)) == plain(transferred.model)
    losses = trial(new.model, new.config.to_dict(), old.scope)
    assert losses["loss"] > 0


def model_of(package, config, cell=CELL):
    old = source(package, config)
    return without_scopes(patch_model(old.model, cell, old.scope).model)


def test_numbers_of_a_dilated_segmentor():
    model = model_of("mmseg", "pspnet/pspnet_r50-d8_4xb2-40k_cityscapes-512x1024.py")
    assert model["pretrained"] is None
    backbone = model["backbone"]
    assert (backbone["out_indices"], backbone["output_stride"]) == (("stem", 0, 1, 2), 8)
    assert backbone["norm_cfg"] == {"type": "SyncBN", "requires_grad": True}
    assert (model["decode_head"]["in_channels"], model["auxiliary_head"]["in_channels"]) == (128, 64)


def test_numbers_of_heads_without_a_neck():
    model = model_of("mmdet", "faster_rcnn/faster-rcnn_r50-caffe_c4-1x_coco.py")
    assert model["neck"] == {
        "type": "ChannelMapper",
        "in_channels": [64],
        "out_channels": 1024,
        "kernel_size": 1,
        "num_outs": 1,
    }
    assert model["rpn_head"]["in_channels"] == 1024


def test_weights_and_chains():
    cell = choose_cell("macro_micro_cifar10_t", weights=__file__)
    model = model_of("mmdet", "yolof/yolof_r50-c5_8xb8-1x_coco.py", cell)
    assert model["backbone"]["type"] == "ChainBackbone"
    assert model["backbone"]["init_cfg"] == {"type": "Pretrained", "checkpoint": __file__}
    assert model["neck"]["in_channels"] == cell.features()[2].channels


def test_the_trial_finds_idle_parameters():
    old = source(*FAMILIES["heatmaps"])
    model = patch_model(old.model, CELL, old.scope).model
    model["backbone"]["out_indices"] = (1, 2)
    model["neck"] = {"type": "FeatureMapProcessor", "select_index": 0}
    model["head"]["in_channels"] = 64
    model["head"]["deconv_out_channels"], model["head"]["deconv_kernel_sizes"] = (256, 256), (4, 4)
    with pytest.raises(UserError, match="of backbone get no gradient"):
        trial(copy.deepcopy(model), old.config.to_dict(), "mmpose")


@pytest.mark.parametrize(
    ("package", "config", "words"),
    [
        ("mmseg", "icnet/icnet_r18-d8_4xb2-80k_cityscapes-832x832.py", "model.backbone (ICNet) runs the stages"),
        (
            "mmpose",
            f"{POSE}/topdown_heatmap/coco/td-hm_mspn50_8xb32-210e_coco-256x192.py",
            "model.backbone (MSPN) has a head for each stage of its own; take",
        ),
        (
            "mmpose",
            "body_3d_keypoint/image_pose_lift/h36m/image-pose-lift_tcn_8xb64-200e_h36m.py",
            "model (PoseLifter) lifts keypoints",
        ),
        (
            "mmpose",
            f"{POSE}/topdown_heatmap/coco/td-hm_alexnet_8xb64-210e_coco-256x192.py",
            "model.backbone (AlexNet) has outputs of strides 37",
        ),
        (
            "mmpose",
            f"{POSE}/edpose/coco/edpose_res50_8xb2-50e_coco-800x1333.py",
            "inherits by read_base()",
        ),
    ],
)
def test_families_that_are_tied_to_their_backbone(package, config, words):
    with pytest.raises(UserError) as refused:
        old = source(package, config)
        patch_model(old.model, CELL, old.scope)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def run(capsys, *arguments):
    return called(main, *arguments), capsys.readouterr()


def test_the_command_writes_a_config_and_shows_what_changes(capsys, tmp_path):
    base = tmp_path / "mine.py"
    base.write_text('_base_ = "mmdet::yolof/yolof_r50-c5_8xb8-1x_coco.py"\nload_from = "old.pth"\n')
    out = tmp_path / "below" / "new.py"
    code, texts = run(capsys, "relativenas", "--into", base, "--init-channels", 8, "--num-cells", 3, "--out", out)
    assert not code
    assert "-        in_channels=2048," in texts.out and "+        in_channels=128," in texts.out
    assert '_base_ = "../mine.py"' in out.read_text()
    config = read_source(str(out)).config
    assert config.load_from is None and config.custom_imports.imports == ["relnas_mm"]
    assert config.model.backbone.type == "CellBackbone" and "depth" not in config.model.backbone


def test_learning_rates_of_layers_go_with_the_old_backbone(tmp_path):
    old = source("mmdet", "convnext/mask-rcnn_convnext-t-p4-w7_fpn_amp-ms-crop-3x_coco.py")
    assert old.config.custom_imports.imports == ["mmpretrain.models"]
    file = tmp_path / "new.py"
    file.write_text(transfer_into(old, CELL).text(file))
    config = read_source(str(file)).config
    assert config.optim_wrapper.constructor == "DefaultOptimWrapperConstructor"
    assert config.optim_wrapper.paramwise_cfg is None and config.custom_imports.imports == ["relnas_mm"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--into", "nowhere.py"], "--into is 'nowhere.py', which does not exist"),
        (["--into", "numpy::a.py"], "configs of a package are those of mmdet, mmseg, mmpose"),
        (["--into", "mmdet::nothing/here.py"], "cannot be read"),
        (["--into", "broken.py"], "the config 'broken.py' cannot be read"),
        (["--into", "empty.py"], "the config 'empty.py' has no 'model'"),
        (["--into", "scopeless.py"], "has default_scope None; transfer knows mmdet, mmseg, mmpose"),
        (["--into", "headless.py"], "has no part 'backbone'"),
        (["--into", "unknown.py"], "model.backbone (Nothing) cannot be built"),
        (["--into", "empty.py", "--out", "empty.py"], "is the config of --into"),
        (["--into", "empty.py", "--out", "new.txt"], "--out is 'new.txt'; it must end with .py"),
        (["--into", "empty.py", "--classes", "a"], "--classes is given with --into"),
        (["--task", "ssd"], "--out is missing"),
        (["--task", "ssd", "--out", "n.py", "--try"], "--try is given without --into"),
        (["--task", "ssd", "--out", "n.py", "--classes", "a"], "--classes is given without --data"),
        (["--task", "ssd", "--out", "n.py", "--data", "none"], "the folder 'none' does not exist"),
        (["--task", "ssd", "--out", "n.py", "--format", "folder"], "ssd reads 'voc' or 'coco'"),
        (["--task", "rtmpose", "--out", "n.py", "--format", "voc"], "rtmpose reads 'coco'"),
        (["--task", "bisenet", "--out", "n.py", "--format", "folder"], "--format is 'folder' without --data"),
        (["--task", "bisenet", "--out", "n.py", "--data", "."], "--classes is missing"),
    ],
)
def test_one_sentence_for_what_does_not_fit(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("broken.py").write_text("model = dict(\n")
    Path("empty.py").write_text("a = 1\n")
    Path("scopeless.py").write_text("model = dict(type='X', backbone=dict(type='ResNet'))\n")
    Path("headless.py").write_text("default_scope = 'mmdet'\nmodel = dict(type='X')\n")
    Path("unknown.py").write_text("default_scope = 'mmdet'\nmodel = dict(type='X', backbone=dict(type='Nothing'))\n")
    code, texts = run(capsys, "relativenas", *arguments)
    errors = texts.err.strip().splitlines()
    assert code == 2 and len(errors) == 1 and errors[0].startswith("error: "), texts.err
    assert words in errors[0]
    assert not Path("n.py").exists()
