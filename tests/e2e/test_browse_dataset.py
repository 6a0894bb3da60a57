"""`tools/browse_dataset.py`: annotations where the model sees them, for every task; nothing of others is touched."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from helpers import ROOT, run_tool
from PIL import Image

from relnas_mm.browse import PictureFolder, drawn_samples
from relnas_mm.browse.folder import contact_sheet
from relnas_mm.datasets.shapes import VOC_PALETTE, generate_shapes
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config

BASE = ROOT / "configs" / "_base_" / "datasets"
LAYOUTS = {
    "voc": {"train": 4, "val": 4},
    "cityscapes": {"train": 3, "val": 3},
    "coco_keypoints": {"train": 3, "val": 3},
    "cifar10": {"train": 10, "test": 5},
    "image_folder": {"train": 10, "val": 10},
}
pytestmark = [pytest.mark.e2e, pytest.mark.mm]


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    root = tmp_path_factory.mktemp("shapes")
    for layout, splits in LAYOUTS.items():
        generate_shapes(root / layout, layout, splits, progress=False)
    return root


@pytest.fixture
def config(shapes, monkeypatch, tmp_path):
    """A config of a layout's data, with the scope of the mm package that reads it."""
    monkeypatch.setenv("SHAPES_ROOT", str(shapes))

    def config(layout, scope, extra=""):
        path = tmp_path / f"{layout}.py"
        path.write_text(f"_base_ = '{BASE}/shapes_{layout}.py'\ndefault_scope = '{scope}'\n{extra}")
        return read_config(str(path))

    return config


def pictures(config, split="train", number=3, seed=0):
    return {name: np.array(picture) for name, picture in drawn_samples(config, split, number, seed)}


@pytest.mark.slow
def test_as_a_user_calls_it(shapes, tmp_path):
    """On real detection configs; twice, so that the second call replaces the pictures of the first."""
    out = tmp_path / "pictures"
    command = ["tools/browse_dataset.py", "configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py", "--out", str(out)]
    environment = {"SHAPES_ROOT": str(shapes)}
    first = subprocess.run(
        [sys.executable, *command, "--number", "3", "--not-show"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | environment,
        timeout=300,
    )
    assert first.returncode == 0, first.stderr[-3000:]
    done = run_tool(*command, "--number", "2", "--not-show", **environment)
    assert done.returncode == 0, done.stderr[-3000:]
    names = ["0000_train_000000.png", "0001_train_000001.png"]
    assert sorted(path.name for path in out.iterdir()) == [*names, "browse.json", "contact_sheet.png"]
    assert f"2 pictures in {out}" in done.stdout and list(tmp_path.iterdir()) == [out]
    assert json.loads((out / "browse.json").read_text())["files"] == [*names, "contact_sheet.png"]


def built(config, split):
    from mmengine.registry import DATASETS, init_default_scope

    init_default_scope(config.default_scope)
    return DATASETS.build(config[f"{split}_dataloader"].dataset)


def samples(config, split, number=3, seed=0):
    """What `pictures` has drawn before."""
    from mmengine.runner import set_random_seed

    dataset = built(config, split)
    set_random_seed(seed)
    return [dataset[index] for index in range(number)]


@pytest.mark.parametrize("split", ["train", "val"])
def test_boxes_are_drawn_around_the_objects(config, split):
    """In the colours of their classes; val pipelines load boxes after scaling, so the image is scaled back."""
    small = config("voc", "mmdet")
    for step in small.val_dataloader.dataset.pipeline:
        if step.type == "Resize":
            step.scale = (240, 240)
    drawn = pictures(small, split, 4)
    found = []
    for index, ((name, picture), sample) in enumerate(zip(drawn.items(), samples(small, split, 4))):
        assert name == f"{index:04d}_{split}_{index:06d}" and picture.shape == (160, 160, 3)
        truth = sample["data_samples"].gt_instances
        for (x0, y0, _, y1), label in zip(truth.bboxes.tensor.int().tolist(), truth.labels.tolist()):
            side = picture[y0:y1, max(x0 - 2, 0) : x0 + 3].astype(int)
            found.append((np.abs(side - VOC_PALETTE[label]).sum(2).min(1) < 100).mean() > 0.8)  # lines are blended in
    assert len(found) >= 4 and np.mean(found) > 0.8


@pytest.mark.parametrize("split, size", [("train", (128, 128)), ("val", (128, 256))])
def test_masks_are_drawn_where_the_labels_are(config, split, size):
    """Opaque, so that almost every pixel has the colour of its class; names of classes cover some."""
    scenes = config("cityscapes", "mmseg", "visualizer = dict(type='SegLocalVisualizer', alpha=1.0)\n")
    drawn = pictures(scenes, split)
    for picture, sample in zip(drawn.values(), samples(scenes, split)):
        labels = sample["data_samples"].gt_sem_seg.data[0].numpy()
        palette = np.array([*scenes.metainfo.palette, *[(0, 0, 0)] * 247])
        assert picture.shape == (*size, 3) and labels.shape == size
        right = (np.abs(picture.astype(int) - palette[labels]).sum(2) < 6)[labels != 255]
        assert right.mean() > 0.8


@pytest.mark.parametrize("split", ["train", "val"])
def test_keypoints_are_drawn_where_augmentation_has_moved_them(config, split):
    people = config("coco_keypoints", "mmpose")
    drawn = pictures(people, split)
    changed = []
    for picture, sample in zip(drawn.values(), samples(people, split)):
        plain = sample["inputs"].permute(1, 2, 0).numpy()[..., ::-1].astype(int)
        assert picture.shape == plain.shape == (128, 96, 3)
        truth = sample["data_samples"].gt_instances
        for x, y in truth.transformed_keypoints[0][truth.keypoints_visible[0] > 0].round().astype(int):
            if 0 <= x < 96 and 0 <= y < 128:
                changed.append(np.abs(picture[y, x] - plain[y, x]).sum() > 30)
    assert len(changed) > 15 and np.mean(changed) > 0.8


@pytest.mark.parametrize("layout, split, side", [("cifar10", "test", 128), ("image_folder", "val", 192)])
def test_classes_are_written_below_the_enlarged_image(config, layout, split, side):
    images = config(layout, "mmengine")
    drawn = pictures(images, split, 5)
    dataset = built(images, split)
    for index, (name, picture) in enumerate(drawn.items()):
        sample = dataset[index]
        times = side // sample["inputs"].shape[1]
        assert name == f"{index:04d}_{dataset.metainfo['classes'][int(sample['data_samples'])]}"
        assert picture.shape == (side + 14, side, 3) and picture[side:].min() < 100
        expected = dataset.data.images[index] if layout == "cifar10" else sample["inputs"]
        assert (picture[:side:times, ::times] == expected.permute(1, 2, 0).numpy()).all()
    assert len(pictures(images, "train", 5)) == len(drawn) == 5


def test_equal_seeds_give_equal_pictures(config):
    first, again, other = (pictures(config("cityscapes", "mmseg"), seed=seed) for seed in (0, 0, 1))
    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)


def test_no_more_than_there_are(config):
    assert len(pictures(config("voc", "mmdet"), "val", 99)) == 4


def image(colour="red"):
    return Image.new("RGB", (20, 10), colour)


def test_files_of_others_stay(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.png").write_text("mine")
    with pytest.raises(UserError, match=r"mine' holds other files and no browse\.json; name a new or an empty folder"):
        PictureFolder(tmp_path / "mine")
    with pytest.raises(UserError, match="is a file; name a folder"):
        PictureFolder(tmp_path / "mine" / "photo.png")
    out = tmp_path / "out"
    PictureFolder(out).write([("a", image())], {})
    (out / "b.png").write_text("mine")
    (out / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"b\.png' is there already and not one of browse\.json"):
        PictureFolder(out).write([("b", image())], {})
    written = PictureFolder(out).write([("c / d", image("blue"))], {})
    assert [path.name for path in written] == ["c_d.png", "contact_sheet.png"]
    assert {path.name for path in out.iterdir()} == {*(p.name for p in written), "browse.json", "b.png", "notes.txt"}
    assert (out / "b.png").read_text() == "mine"


def test_a_failure_leaves_the_pictures_of_the_last_time(tmp_path):
    def broken():
        yield "new", image()
        raise UserError("the image 'x.jpg' is broken")

    out = tmp_path / "out"
    PictureFolder(out).write([("old", image())], {})
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(UserError, match=r"x\.jpg"):
        PictureFolder(out).write(broken(), {})
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before and list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("content", ["{", "[]", '{"files": ["../precious.png"]}', '{"files": ["notes.txt"]}'])
def test_a_damaged_index_is_not_trusted(content, tmp_path):
    (tmp_path / "browse.json").write_text(content)
    with pytest.raises(UserError, match=r"browse\.json' is damaged"):
        PictureFolder(tmp_path)


def test_contact_sheet_has_room_for_all(tmp_path):
    sheet = contact_sheet([image(colour) for colour in ("red", "blue", "lime", "red", "blue")])
    colours = {colour: count for count, colour in sheet.getcolors()}
    assert sheet.size == (3 * 24, 2 * 14)
    assert (colours[255, 0, 0], colours[0, 0, 255], colours[0, 255, 0]) == (400, 400, 200)
    with pytest.raises(UserError, match="nothing to draw"):
        contact_sheet([])


def test_what_cannot_be_drawn_is_one_sentence(config):
    search = read_config(str(ROOT / "configs" / "search" / "relativenas_shapes_quick.py"))
    with pytest.raises(UserError, match="the config has no train_dataloader"):
        next(drawn_samples(search, "train", 1))
