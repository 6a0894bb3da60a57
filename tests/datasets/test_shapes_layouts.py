"""The four layouts as other software reads them."""

import hashlib
import pickle
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from relnas_mm.datasets.shapes import CIFAR10_CLASSES, KEYPOINTS, VOC_CLASSES, generate_shapes, take

pytestmark = pytest.mark.unit


def decoded(folder: Path) -> dict[str, str]:
    """Hashes of all decoded images below a folder."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in (".jpg", ".png")]
    return {
        str(path.relative_to(folder)): hashlib.sha256(np.asarray(Image.open(path)).tobytes()).hexdigest()
        for path in paths
    }


@pytest.fixture(scope="module")
def voc(tmp_path_factory) -> Path:
    return generate_shapes(tmp_path_factory.mktemp("voc") / "voc", "voc", {"train": 20, "val": 5, "test": 7}, seed=3)


@pytest.fixture(scope="module")
def coco(tmp_path_factory) -> Path:
    return generate_shapes(tmp_path_factory.mktemp("coco") / "coco", "coco_keypoints", {"train": 8, "val": 25}, seed=3)


def test_voc_lists_name_every_image(voc):
    base = voc / "VOCdevkit" / "VOC2007"
    lists = {p.stem: p.read_text().split() for p in (base / "ImageSets" / "Main").iterdir()}
    assert {name: len(members) for name, members in lists.items()} == {"train": 20, "val": 5, "trainval": 25, "test": 7}
    assert lists["trainval"] == lists["train"] + lists["val"]
    names = sorted(lists["trainval"] + lists["test"])
    assert names == sorted(p.stem for p in (base / "JPEGImages").iterdir())
    assert names == sorted(p.stem for p in (base / "Annotations").iterdir())


def test_voc_boxes_are_tight_around_what_is_visible(voc):
    base, checked = voc / "VOCdevkit" / "VOC2007", 0
    for index in range(20):
        root = ElementTree.parse(base / "Annotations" / f"train_{index:06d}.xml").getroot()
        shot = take("voc", 3, "train", index, (160, 160))
        size = [int(root.findtext(f"size/{side}", "")) for side in ("width", "height", "depth")]
        assert size == [160, 160, 3]
        objects = root.findall("object")
        assert [o.findtext("name") for o in objects] == [a.name for a in shot.annotations]
        for element, annotation in zip(objects, shot.annotations, strict=True):
            lines, columns = np.nonzero(shot.instances == annotation.number)
            sides = [int(element.findtext(f"bndbox/{side}", "")) for side in ("xmin", "ymin", "xmax", "ymax")]
            assert sides == [columns.min() + 1, lines.min() + 1, columns.max() + 1, lines.max() + 1]
            assert element.findtext("difficult") == str(int(annotation.occlusion > 0.7))
            assert element.findtext("truncated") == str(int(annotation.truncated))
            checked += 1
    assert checked > 30


def test_jpeg_images_are_close_to_the_drawing(voc):
    read = np.asarray(Image.open(voc / "VOCdevkit/VOC2007/JPEGImages/train_000004.jpg"), dtype=float)
    assert np.abs(read - take("voc", 3, "train", 4, (160, 160)).image).mean() < 6


def test_images_do_not_depend_on_how_many_there_are(voc, tmp_path):
    fewer = generate_shapes(tmp_path / "voc", "voc", {"train": 4}, seed=3)
    few, many = decoded(fewer), decoded(voc)
    assert len(few) == 4 and few.items() <= many.items()


def test_cifar10_reads_as_torchvision_reads_it(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10, cifar

    root = generate_shapes(tmp_path / "cifar10", "cifar10", {"train": 103, "test": 20})
    monkeypatch.setattr(cifar, "check_integrity", lambda *_: True)
    train, test = CIFAR10(str(root)), CIFAR10(str(root), train=False)
    assert (len(train), len(test), tuple(train.classes)) == (103, 20, CIFAR10_CLASSES)
    for index in (0, 20, 21, 102):
        image, label = train[index]
        shot = take("cifar10", 0, "train", index, (32, 32))
        assert np.array_equal(np.asarray(image), shot.image) and label == shot.label
    assert np.bincount(train.targets[:100]).tolist() == [10] * 10


def test_cifar10_batches_need_nothing_but_numpy(tmp_path):
    """A restricted reader, as careful projects use, meets only the names it knows from the real files."""
    root = generate_shapes(tmp_path / "cifar10", "cifar10", {"train": 10, "test": 10})
    asked = set()

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            asked.add((module, name))
            return super().find_class(module, name)

    for path in (root / "cifar-10-batches-py").iterdir():
        with path.open("rb") as file:
            content = Reader(file).load()
        if path.name != "batches.meta":
            count = 10 if path.name == "test_batch" else 2
            assert content["data"].shape == (count, 3072) and content["data"].dtype == np.uint8
            assert len(content["labels"]) == len(content["filenames"]) == count
    assert asked == {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}


def test_cityscapes_label_maps(tmp_path):
    root = generate_shapes(tmp_path / "cs", "cityscapes", {"train": 6, "val": 2})
    images = sorted(root.glob("leftImg8bit/*/*/*_leftImg8bit.png"))
    assert len(images) == 8
    for path in images:
        split, city = path.parent.parent.name, path.parent.name
        frame = path.name.removesuffix("_leftImg8bit.png")
        folder = root / "gtFine" / split / city
        ids = np.asarray(Image.open(folder / f"{frame}_gtFine_labelTrainIds.png"))
        shot = take("cityscapes", 0, split, int(frame.split("_")[1]), (256, 128))
        assert np.array_equal(np.asarray(Image.open(path)), shot.image)
        assert ids.shape == (128, 256) and 0.01 < (ids == 255).mean() < 0.3
        names = [None, *shot.names]
        for value in set(np.unique(shot.instances).tolist()):
            name = names[value]
            wanted = 0 if name is None else 1 + VOC_CLASSES.index(name)
            assert set(np.unique(ids[shot.instances == value]).tolist()) <= {wanted, 255}
        # wherever two classes meet, both sides are ignored
        meet = (ids[:, 1:] != ids[:, :-1]) & (ids[:, 1:] != 255) & (ids[:, :-1] != 255)
        assert not meet.any()
        labels = np.asarray(Image.open(folder / f"{frame}_gtFine_labelIds.png")).astype(int)
        assert np.array_equal(labels, np.where(ids == 255, 0, ids.astype(int) + 1))


def as_detections(content: dict) -> list[dict]:
    keys = ("image_id", "category_id", "bbox", "keypoints")
    return [{**{key: a[key] for key in keys}, "score": 1.0} for a in content["annotations"]]


@pytest.mark.parametrize("kind", ["keypoints", "bbox"])
def test_coco_truth_scores_one_against_itself(coco, kind, capsys):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    truth = COCO(str(coco / "annotations/person_keypoints_val2017.json"))
    found = truth.loadRes(as_detections(truth.dataset))
    evaluation = COCOeval(truth, found, kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)


def test_coco_persons(coco):
    from pycocotools.coco import COCO

    truth = COCO(str(coco / "annotations/person_keypoints_val2017.json"))
    category = truth.dataset["categories"][0]
    assert category["keypoints"] == list(KEYPOINTS) and category["name"] == "person"
    assert len(category["skeleton"]) == 19 and np.min(category["skeleton"]) == 1 and np.max(category["skeleton"]) == 17
    ids = [annotation["id"] for annotation in truth.dataset["annotations"]]
    assert len(set(ids)) == len(ids) >= 25
    for place, image in enumerate(truth.dataset["images"]):
        shot = take("coco_keypoints", 3, "val", place, (192, 192))
        assert (coco / "val2017" / image["file_name"]).is_file()
        people = truth.loadAnns(truth.getAnnIds(image["id"]))
        assert len(people) == len(shot.annotations)
        for person, annotation in zip(people, shot.annotations, strict=True):
            mask = shot.instances == annotation.number
            drawn = truth.annToMask(person).astype(bool)
            assert person["area"] == mask.sum() and not (mask & ~drawn).sum() > 0.02 * mask.sum()
            x, y, width, height = person["bbox"]
            assert [x, y, x + width, y + height] == list(annotation.box)
            assert person["num_keypoints"] == sum(v > 0 for v in person["keypoints"][2::3])
            assert person["iscrowd"] == 0
