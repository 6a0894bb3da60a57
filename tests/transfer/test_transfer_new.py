"""Complete configs for each task: they are read, their models build, and one trains on generated data."""

import functools
import json
import shutil
from pathlib import Path

import pytest
from helpers import called
from helpers.mm import build
from mmengine.runner import Runner
from PIL import Image

from relnas_mm.cli.channels import main as channels
from relnas_mm.cli.transfer import main
from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.datasets.shapes.classes import CITYSCAPES_CLASSES, VOC_CLASSES
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config
from relnas_mm.models import CellBackbone
from relnas_mm.transfer.cell import OUTPUTS, choose_cell
from relnas_mm.transfer.joints import COCO_JOINTS, mirrored, pose_metainfo
from relnas_mm.transfer.layouts import read_data
from relnas_mm.transfer.layouts.found import Joints
from relnas_mm.transfer.tasks import TASKS

pytestmark = pytest.mark.mm

SMALL = ["--init-channels", "8", "--num-cells", "3"]
SCOPES = {"detection": "mmdet", "segmentation": "mmseg", "pose": "mmpose"}


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """The generated data in the layout of each purpose."""
    root = tmp_path_factory.mktemp("shapes")
    generate_shapes(root / "voc", "voc", {"train": 4, "val": 2, "test": 2}, image_size=64, progress=False)
    for layout in ("cityscapes", "coco_keypoints"):
        generate_shapes(root / layout, layout, {"train": 2, "val": 2}, image_size=(64, 96), progress=False)
    return root


def data_of(shapes, purpose):
    return {
        "detection": ["--data", str(shapes / "voc" / "VOCdevkit")],
        "segmentation": ["--data", str(shapes / "cityscapes"), "--classes", *CITYSCAPES_CLASSES],
        "pose": ["--data", str(shapes / "coco_keypoints")],
    }[purpose]


def write(*arguments):
    assert called(main, "relativenas", *arguments, *SMALL) == 0


@pytest.mark.parametrize("task", TASKS)
def test_a_task_on_given_data(task, shapes, tmp_path):
    purpose = TASKS[task].purpose
    out = tmp_path / "new.py"
    write("--task", task, *data_of(shapes, purpose), "--out", out)
    config = read_config(str(out))
    assert build(config.model, SCOPES[purpose])
    for split in ("train", "val", "test"):
        dataset = build(config[f"{split}_dataloader"].dataset, SCOPES[purpose], "datasets")
        assert len(dataset) and dataset[0]["inputs"].shape[0] == 3
        evaluator = config.get(f"{split}_evaluator")
        assert split == "train" or build(evaluator, SCOPES[purpose], "evaluation")


@pytest.mark.parametrize("task", TASKS)
def test_a_task_on_the_well_known_data(task, tmp_path):
    out = tmp_path / "new.py"
    write("--task", task, "--out", out)
    config = read_config(str(out))
    assert config.model.backbone.type in ("CellBackbone", "BiSeNetPaths")
    assert config.train_dataloader.dataset and config.val_evaluator and config.train_cfg


def test_an_epoch(shapes, tmp_path):
    out = tmp_path / "new.py"
    write("--task", "ssdlite", *data_of(shapes, "detection"), "--out", out)
    config = read_config(str(out))
    config.merge_from_dict(
        {
            "work_dir": str(tmp_path / "run"),
            "train_cfg.max_epochs": 1,
            "train_cfg.val_interval": 1,
            **{f"{split}_dataloader.batch_size": 2 for split in ("train", "val", "test")},
            **{f"{split}_dataloader.num_workers": 0 for split in ("train", "val", "test")},
            **{f"{split}_dataloader.persistent_workers": False for split in ("train", "val", "test")},
        }
    )
    runner = Runner.from_cfg(config)
    before = next(runner.model.backbone.parameters()).detach().clone()
    runner.train()
    assert runner.epoch == 1 and not (next(runner.model.backbone.parameters()) == before).all()
    assert (tmp_path / "run" / "epoch_1.pth").is_file()


@pytest.mark.parametrize("arguments", [("relativenas", 10, 4), ("macro_micro_cifar10_t", None, None)])
@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_outputs_are_those_of_the_built_backbone(arguments, output_stride):
    cell = choose_cell(*arguments)
    built = build(cell.config(OUTPUTS, output_stride), "mmdet")
    features = cell.features(output_stride).values()
    assert built.out_channels == tuple(info.channels for info in features)
    assert built.out_strides == tuple(info.stride for info in features)
    assert isinstance(built, CellBackbone) is not cell.is_chain


def test_the_command_of_channels(capsys):
    assert called(channels, "relativenas", "--init-channels", "16", "--output-stride", "8") == 0
    assert "2                 256       8" in capsys.readouterr().out


def test_classes_of_voc(shapes):
    root = str(shapes / "voc" / "VOCdevkit")
    data = read_data("detection", "voc", root, None)
    assert set(data.classes) <= set(VOC_CLASSES) and list(data.classes) == sorted(data.classes)
    some = read_data("detection", "voc", root, data.classes[:1])
    assert some.settings == {"unknown_classes": "skip"} and not data.settings
    with pytest.raises(UserError, match="--classes has 'zebra', which"):
        read_data("detection", "voc", root, ["zebra"])
    with pytest.raises(UserError, match="twice"):
        read_data("detection", "voc", root, [data.classes[0]] * 2)


@pytest.fixture
def coco(tmp_path):
    """A COCO folder whose categories are in an order of their own."""
    for split in ("train", "val"):
        (tmp_path / "images" / split).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "images" / split / "a.jpg")
        write_coco(tmp_path, split)
    return tmp_path


def write_coco(root, split, names=("pear", "apple"), **more):
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 8, "height": 8}],
        "categories": [{"id": number, "name": name, **more} for number, name in enumerate(names, 1)],
        "annotations": [],
    }
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations" / f"{split}.json").write_text(json.dumps(document))


def test_classes_of_coco_are_in_the_order_of_the_file(coco):
    data = read_data("detection", "coco", str(coco), ["apple", "pear"])
    assert data.classes == ("pear", "apple")
    assert data.splits["test"] is data.splits["val"]
    assert data.splits["train"].settings["data_prefix"] == {"img": "images/train/"}


def test_coco_folders_that_do_not_fit(coco):
    read = functools.partial(read_data, "detection", "coco", str(coco), None)
    write_coco(coco, "val", names=("apple", "pear"))
    with pytest.raises(UserError, match="other categories"):
        read()
    (coco / "annotations" / "val.json").write_text("[]")
    with pytest.raises(UserError, match="not in COCO's layout"):
        read()
    (coco / "annotations" / "val.json").unlink()
    with pytest.raises(UserError, match="needs a part 'train' and a part 'val' or 'test'; it has only train"):
        read()
    (coco / "images" / "train" / "a.jpg").unlink()
    with pytest.raises(UserError, match=r"names the image 'a.jpg', which is in none of"):
        read()
    with pytest.raises(UserError, match="no category with 'keypoints'"):
        write_coco(coco, "val")
        Image.new("RGB", (8, 8)).save(coco / "images" / "train" / "a.jpg")
        read_data("pose", "coco", str(coco), None)


@pytest.fixture
def folder(tmp_path):
    """Images and label maps of two classes."""
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (tmp_path / kind / split).mkdir(parents=True)
        Image.new("RGB", (100, 70)).save(tmp_path / "images" / split / "a.jpg")
        Image.new("L", (100, 70), 1).save(tmp_path / "labels" / split / "a.png")
    return tmp_path


def test_segmentation_folders(folder, tmp_path):
    write(
        "--task", "deeplabv3", "--data", folder, "--format", "folder", "--classes", "a", "b", "--out", tmp_path / "n.py"
    )
    config = read_config(str(tmp_path / "n.py"))
    assert config.model.decode_head.num_classes == config.model.auxiliary_head.num_classes == 2
    assert tuple(config.crop_size) == (96, 128) and tuple(config.image_size) == (100, 70)
    dataset = build(config.train_dataloader.dataset, "mmseg", "datasets")
    assert dataset.metainfo["classes"] == ("a", "b") and len(dataset) == 1


def test_segmentation_folders_that_do_not_fit(folder):
    read = functools.partial(read_data, "segmentation", "folder", str(folder))
    with pytest.raises(UserError, match=r"--classes names 1 classes, 0 to 0, but the label map '.*a.png' holds 1"):
        read(["a"])
    Image.new("RGB", (100, 70)).save(folder / "labels" / "train" / "a.png")
    with pytest.raises(UserError, match="has colours"):
        read(["a", "b"])
    (folder / "labels" / "train" / "a.png").unlink()
    with pytest.raises(UserError, match="has no label map"):
        read(["a", "b"])
    shutil.rmtree(folder / "labels" / "train")
    with pytest.raises(UserError, match="does not exist"):
        read(["a", "b"])
    Image.new("RGB", (8, 8)).save(folder / "images" / "train" / "b.bmp")
    (folder / "labels" / "train").mkdir()
    Image.new("L", (100, 70), 1).save(folder / "labels" / "train" / "a.png")
    with pytest.raises(UserError, match="ends with '.bmp', but the first image with '.jpg'"):
        read(["a", "b"])
    for file in (folder / "images" / "train").iterdir():
        file.unlink()
    with pytest.raises(UserError, match="has no image that ends with"):
        read(["a", "b"])


def test_joints_of_other_animals():
    names = ("nose", "left_paw", "right_paw")
    metainfo = pose_metainfo(Joints(names, ((0, 1),)))
    assert metainfo is not None
    assert [metainfo["keypoint_info"][place]["swap"] for place in range(3)] == ["", "right_paw", "left_paw"]
    assert metainfo["skeleton_info"][0]["link"] == ("nose", "left_paw")
    assert pose_metainfo(Joints(COCO_JOINTS)) is None
    assert mirrored("L_Eye", ("L_Eye", "R_Eye")) == "R_Eye"


@pytest.mark.parametrize("task", ["simple-baseline", "rtmpose"])
def test_a_pose_estimator_of_other_joints(task, coco, tmp_path):
    for split in ("train", "val"):
        write_coco(coco, split, names=("dog",), keypoints=["nose", "left_paw", "right_paw"], skeleton=[[1, 2]])
    write("--task", task, "--data", coco, "--out", tmp_path / "n.py")
    config = read_config(str(tmp_path / "n.py"))
    assert config.model.head.out_channels == 3 and Path(config.data_root) == coco
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    parsed = parse_pose_metainfo(config.metainfo.to_dict())
    assert parsed["flip_indices"] == [0, 2, 1] and parsed["skeleton_links"] == [(0, 1)]
    assert build(config.model, "mmpose")
