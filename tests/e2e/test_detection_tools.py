"""Detectors by `tools/train.py` and `tools/test.py`: two processes, resuming, files that do not fit or are missing."""

import re

import pytest
import torch
from helpers import ROOT, run_in_two_processes

from relnas_mm.datasets.shapes import generate_shapes

FASTER = "configs/faster_rcnn/faster-rcnn_relativenas-c16l6_fpn_4e_shapes-voc.py"
SSD = "configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
VOC = "configs/faster_rcnn/faster-rcnn_relativenas_fpn_1x_voc0712.py"
QUICK = (
    *("train_dataloader.batch_size=2", "train_dataloader.num_workers=0", "train_dataloader.persistent_workers=False"),
    *("val_dataloader.num_workers=0", "val_dataloader.persistent_workers=False", "default_hooks.logger.interval=1"),
)
IDLE = "backbone.cells.2.preprocess0.op.1.weight"
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    generate_shapes(root / "voc", "voc", {"train": 8, "val": 4, "test": 4}, progress=False)
    return str(root)


def train_in_two_processes(shapes, config, folder, epochs, *flags, options=()):
    options = ("--cfg-options", *QUICK, f"train_cfg.max_epochs={epochs}", *options)
    done = run_in_two_processes("tools/train.py", config, "--work-dir", folder, *flags, *options, SHAPES_ROOT=shapes)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_faster_rcnn_in_two_processes_and_resumed(shapes, tmp_path):
    """RelativeNAS' reduction cells leave parameters unused; nobody has to say so, and nothing waits for them."""
    text = train_in_two_processes(shapes, FASTER, tmp_path, 1, "--auto-scale-lr")
    assert "Scaling the original LR by 0.25" in text  # 2 x 2 images of 16
    assert re.search(r"Epoch\(train\) +\[1\]\[2/2\]", text) and "pascal_voc/mAP" in text
    text = train_in_two_processes(shapes, FASTER, tmp_path, 2, "--auto-scale-lr", "--resume")
    assert "resumed epoch: 1, iter: 2" in text
    assert re.search(r"Epoch\(train\) +\[2\]\[2/2\]", text) and not re.search(r"Epoch\(train\) +\[1\]", text)
    first, second = (torch.load(tmp_path / f"epoch_{k}.pth", weights_only=False)["state_dict"] for k in (1, 2))
    assert torch.equal(first[IDLE], second[IDLE])
    assert not torch.equal(first["roi_head.bbox_head.fc_cls.weight"], second["roi_head.bbox_head.fc_cls.weight"])


@pytest.fixture(scope="module")
def twenty_classes(tmp_path_factory):
    """A checkpoint of the small SSD with a head for 20 classes, as MMEngine writes them."""
    from mmengine.registry import MODELS, DefaultScope

    import relnas_mm  # noqa: F401
    from relnas_mm.launch import read_config

    config = read_config(str(ROOT / SSD))
    config.model.bbox_head.num_classes = 20
    with DefaultScope.overwrite_default_scope("mmdet"):
        model = MODELS.build(config.model)
    path = tmp_path_factory.mktemp("checkpoint") / "twenty.pth"
    meta = {"dataset_meta": {"classes": tuple(f"class {k}" for k in range(20))}}
    torch.save({"state_dict": model.state_dict(), "meta": meta}, path)
    return path


def test_ssd_goes_on_from_a_checkpoint_of_other_classes(shapes, twenty_classes, tmp_path):
    """In two processes as well: what does not fit is listed, the rest is loaded."""
    text = train_in_two_processes(shapes, SSD, tmp_path, 1, options=(f"load_from={twenty_classes}",))
    assert "do not match exactly" in text
    listed = set(re.findall(r"size mismatch for (\S+): ", text))
    assert listed == {f"bbox_head.cls_convs.{k}.0.{kind}" for k in range(4) for kind in ("weight", "bias")}
    assert re.search(r"Epoch\(train\) +\[1\]\[2/2\]", text)
    before = torch.load(twenty_classes, weights_only=True)["state_dict"]
    after = torch.load(tmp_path / "epoch_1.pth", weights_only=False)["state_dict"]
    assert torch.equal(before[IDLE], after[IDLE])  # never trained, so still the one that was loaded


def test_a_test_of_a_checkpoint_of_other_classes_is_refused(tool, twenty_classes, tmp_path, shapes):
    done = tool("tools/test.py", SSD, twenty_classes, "--work-dir", tmp_path, SHAPES_ROOT=shapes)
    assert done.returncode == 2
    assert re.search(
        r"^error: the checkpoint '.*twenty\.pth' does not fit the config: it was trained for 20 classes \(class 0, "
        r"class 1, class 2, …\), the test data have 8 classes \(disc, square, triangle, …\); "
        r"bbox_head\.cls_convs\.0\.0\.weight is \(84, 64, 3, 3\) in the checkpoint and \(36, 64, 3, 3\) in the model$",
        done.stderr.splitlines()[-1],
    )


def test_a_test_of_another_detector_is_refused(tool, twenty_classes, tmp_path, shapes):
    done = tool("tools/test.py", FASTER, twenty_classes, "--work-dir", tmp_path, SHAPES_ROOT=shapes)
    assert done.returncode == 2 and "it holds no weights of rpn_head, roi_head" in done.stderr.splitlines()[-1]


MISSING = {
    "genotype": (SSD, "model.backbone.genotype=nowhere.json", r"the genotype file 'nowhere\.json' does not exist"),
    "pretrained weights": (
        VOC,
        "model.backbone.init_cfg.checkpoint=nowhere.pth",
        r"the pretrained weights 'nowhere\.pth' \(model\.backbone\.init_cfg\) do not exist; name a file by .*FILE",
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_file_is_one_sentence(tool, case, tmp_path, shapes):
    config, option, sentence = MISSING[case]
    done = tool("tools/train.py", config, "--work-dir", tmp_path, "--cfg-options", option, SHAPES_ROOT=shapes)
    assert done.returncode == 2 and re.match(f"error: {sentence}", done.stderr.splitlines()[-1])
