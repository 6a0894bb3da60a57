"""Data, model and checkpoint that contradict each other: one sentence and exit code 2 before the first step."""

import json

import pytest
from helpers import ROOT
from PIL import Image

from relnas_mm.datasets.shapes import generate_shapes

pytestmark = [pytest.mark.e2e, pytest.mark.mm]
TINY = """
_base_ = "{root}/configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
model = dict(backbone=dict(init_channels=8, num_cells=3),
             bbox_head=dict(in_channels=(32, 64, 128, 128)),
             neck=dict(in_channels=(32, 64, 128), out_channels=(32, 64, 128, 128)))
common = dict(batch_size=4, num_workers=0, persistent_workers=False)
train_dataloader = dict(**common)
val_dataloader = dict(**common)
test_dataloader = dict(**common)
train_cfg = dict(max_epochs=1)
"""


@pytest.fixture(scope="module")
def voc(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    splits = {"train": 4, "val": 4, "test": 4}
    generate_shapes(root / "voc", "voc", splits, image_size=64, progress=False)
    (root / "tiny.py").write_text(TINY.format(root=ROOT))
    return root


@pytest.fixture
def run(voc, tool, tmp_path):
    """Runs a script on the tiny detector."""

    def ran(script, *arguments, root=voc, config=voc / "tiny.py"):
        return tool(script, config, *arguments, SHAPES_ROOT=str(root))

    return ran


@pytest.fixture(scope="module")
def classes(voc):
    from relnas_mm.datasets.shapes.classes import VOC_CLASSES

    return list(VOC_CLASSES)


def refused(done, *sentences):
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 2 and len(errors) == 1, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    for sentence in sentences:
        assert sentence in done.stderr


def of(classes, *loaders):
    """Options that give the data of loaders other classes."""
    names = "[" + ",".join(classes) + "]"
    return ["--cfg-options", *(f"{loader}_dataloader.dataset.metainfo.classes={names}" for loader in loaders)]


def test_classes_of_a_checkpoint_in_another_order(run, classes, tmp_path):
    assert run("tools/train.py", "--work-dir", tmp_path / "run").returncode == 0
    checkpoint = tmp_path / "run" / "epoch_1.pth"
    assert run("tools/test.py", checkpoint, "--work-dir", tmp_path / "test").returncode == 0
    done = run("tools/test.py", checkpoint, "--work-dir", tmp_path / "swapped", *of(classes[::-1], "test"))
    refused(done, f"number 0 is {classes[-1]!r} in test_dataloader and {classes[0]!r} in the checkpoint")
    for _ in range(2):  # a second time into the same folder
        done = run("tools/check_data.py", "--checkpoint", checkpoint, "--out", tmp_path / "same")
        assert done.returncode == 0 and "nothing contradicts" in done.stdout
    assert sorted(path.name for path in (tmp_path / "same").iterdir()) == ["browse.json", "check_data.json"]


def test_a_head_of_another_size_and_the_switch(run, classes, tmp_path):
    options = ["--work-dir", tmp_path / "run", "--cfg-options", "model.bbox_head.num_classes=20"]
    done = run("tools/train.py", *options)
    refused(done, f"model.bbox_head.num_classes is 20, but the data of train_dataloader have {len(classes)} classes")
    assert not list((tmp_path / "run").glob("*.pth"))
    assert run("tools/train.py", *options, "default_hooks.data_check=None").returncode == 0


def test_validation_data_in_another_order(run, classes, tmp_path):
    done = run("tools/train.py", "--work-dir", tmp_path / "run", *of([classes[1], classes[0], *classes[2:]], "val"))
    refused(done, f"number 0 is {classes[1]!r} in val_dataloader and {classes[0]!r} in train_dataloader")


def test_one_class_as_text(run, tmp_path):
    done = run("tools/train.py", "--work-dir", tmp_path / "run", *of(["disc"], "train")[:1], TEXT)
    refused(done, "classes of metainfo (train_dataloader) is the text 'disc'; write ('disc',) for one class")


TEXT = "train_dataloader.dataset.metainfo.classes=disc"


@pytest.fixture
def turned(tmp_path):
    """VOC data whose first training image is turned by EXIF, unlike its annotation."""
    root = tmp_path / "turned"
    generate_shapes(root / "voc", "voc", {"train": 4, "val": 4, "test": 4}, image_size=(80, 64), progress=False)
    name = next((root / "voc").rglob("Main/train.txt")).read_text().split()[0]
    image = next((root / "voc").rglob(f"{name}.jpg"))
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(image) as opened:
        opened.copy().save(image, exif=exif)
    return root, image


def test_an_image_that_exif_turns(run, turned, tmp_path):
    root, image = turned
    done = run("tools/train.py", "--work-dir", tmp_path / "run", root=root)
    refused(done, "says 80x64 pixels", f"{image.name}' is read as 64x80 (turned by EXIF orientation 6)")
    done = run("tools/check_data.py", "--out", tmp_path / "report", root=root)
    refused(done, "is read as 64x80 (turned by EXIF orientation 6)")
    report = json.loads((tmp_path / "report" / "check_data.json").read_text())
    (split,) = [part for part in report if part["odd"]]
    assert split["turned"] == 1 and split["sizes"] == {"64x80": 1, "80x64": 3}
    assert sum(split["counts"]) > 0 and len(split["counts"]) == len(split["labels"]["names"])
    assert (tmp_path / "report" / "contact_sheet.png").is_file()
    assert "EXIF" in done.stdout


def test_folders_of_other_classes(tool, tmp_path):
    for split, names in (("train", ("bar", "check", "disc")), ("val", ("another", "bar", "disc"))):
        for name in names:
            (tmp_path / "data" / split / name).mkdir(parents=True)
            Image.new("RGB", (32, 32)).save(tmp_path / "data" / split / name / "0.png")
    config = tmp_path / "folder.py"
    config.write_text(f"""
_base_ = "{ROOT}/configs/imagenet/relativenas-c8l5_1xb32-8e_shapes.py"
model = dict(num_classes=3)
loader = dict(dataset=dict(data_root="{tmp_path}/data", num_classes=3), num_workers=0, persistent_workers=False)
train_dataloader = dict(**loader)
val_dataloader = dict(**loader)
""")
    done = tool("tools/train.py", config, "--work-dir", tmp_path / "run")
    refused(
        done, "val' has the classes ['another', 'bar', 'disc'], but the training images have ['bar', 'check', 'disc']"
    )
    (tmp_path / "data" / "val" / "another").rename(tmp_path / "data" / "val" / "check")
    done = tool(
        "tools/train.py", config, "--work-dir", tmp_path / "run", "--cfg-options", "train_dataloader.dataset.indices=2"
    )
    refused(done, "1 of the 3 classes of train_dataloader have no image (disc)")


def test_label_maps_and_a_segmentor(tool, tmp_path):
    root = tmp_path / "shapes"
    generate_shapes(root / "cityscapes", "cityscapes", {"train": 2, "val": 2}, image_size=(64, 32), progress=False)
    config = ROOT / "configs/deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py"
    options = ["--cfg-options", "model.decode_head.num_classes=7"]
    done = tool("tools/check_data.py", config, "--out", tmp_path / "a", *options, SHAPES_ROOT=str(root))
    refused(done, "model.decode_head.num_classes is 7, but the data of train_dataloader have")
    path = next((root / "cityscapes").rglob("*train/**/*labelTrainIds.png"))
    with Image.open(path) as opened:
        opened.resize((32, 32)).save(path)
    done = tool("tools/check_data.py", config, "--out", tmp_path / "b", SHAPES_ROOT=str(root))
    refused(done, f"{path.name}' has 32x32 pixels; the image", "is read as 64x32")
    done = tool("tools/train.py", config, "--work-dir", tmp_path / "run", SHAPES_ROOT=str(root))
    refused(done, f"{path.name}' has 32x32 pixels; the image", "is read as 64x32")


def test_a_two_stage_detector_of_mms_own_configs(tool, voc, classes, tmp_path):
    """mm's data sets and model, whose sizes and classes are compared by the same tool."""
    config = tmp_path / "faster_rcnn.py"
    config.write_text(f"""
_base_ = "mmdet::pascal_voc/faster-rcnn_r50_fpn_1x_voc0712.py"
data = dict(_delete_=True, type="VOCDataset", data_root="{voc}/voc/VOCdevkit/",
            data_prefix=dict(sub_data_root="VOC2007/"),
            metainfo=dict(classes={tuple(classes)}), pipeline=[])
train_dataloader = dict(dataset=dict(ann_file="VOC2007/ImageSets/Main/train.txt", **data))
val_dataloader = dict(dataset=dict(ann_file="VOC2007/ImageSets/Main/val.txt", **data))
test_dataloader = val_dataloader
""")
    done = tool("tools/check_data.py", config, "--out", tmp_path / "report")
    refused(done, f"model.roi_head.bbox_head.num_classes is 20, but the data of train_dataloader have {len(classes)}")
    options = ["--cfg-options", f"model.roi_head.bbox_head.num_classes={len(classes)}"]
    done = tool("tools/check_data.py", config, "--out", tmp_path / "report", *options)
    assert done.returncode == 0 and "nothing contradicts" in done.stdout
    options.append("val_dataloader.dataset.ann_file=nowhere.txt")
    refused(tool("tools/check_data.py", config, *options), "nowhere.txt' (val_dataloader) does not exist")
