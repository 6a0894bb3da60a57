"""CamVid, and label maps that cannot be trained on: one sentence that names the file."""

import re
from contextlib import nullcontext

import numpy as np
import pytest
from helpers import ROOT
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from PIL import Image

import relnas_mm  # noqa: F401
from relnas_mm.datasets.segmentation import check_label_map, lookup_table, read_label_map
from relnas_mm.errors import UserError

BASES = ROOT / "configs" / "_base_" / "datasets"
UNIT = pytest.mark.unit
MM = pytest.mark.mm
LOAD = [dict(type="LoadImageFromFile"), dict(type="LoadAnnotations")]


def build(kind, root, pipeline=LOAD, **kwargs):
    prefix = dict(img_path="train", seg_map_path="trainannot")
    with DefaultScope.overwrite_default_scope("mmseg"):
        import mmseg.datasets  # noqa: F401

        settings = dict(type=kind, data_root=str(root), data_prefix=prefix, pipeline=pipeline, **kwargs)
        return DATASETS.build(settings)


@pytest.fixture
def scenes(tmp_path):
    """Two images of 8x6 in CamVid's layout, all classes and void in each."""
    rng = np.random.default_rng(0)
    for folder in ("train", "trainannot"):
        (tmp_path / folder).mkdir()
    for name in ("a", "b"):
        Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).save(tmp_path / "train" / f"{name}.png")
        write_map(tmp_path, name, np.arange(48).reshape(6, 8) % 12)
    return tmp_path


def write_map(root, name, ids):
    Image.fromarray(np.asarray(ids, dtype=np.uint8)).save(root / "trainannot" / f"{name}.png")


@MM
def test_void_is_ignored_and_classes_stay(scenes):
    data = build("CamVidDataset", scenes)
    assert len(data) == 2 and len(data.metainfo["classes"]) == len(data.metainfo["palette"]) == 11
    ids = np.arange(48).reshape(6, 8) % 12
    assert np.array_equal(data[0]["gt_seg_map"], np.where(ids == 11, 255, ids))


@MM
def test_some_of_the_classes(scenes):
    data = build("CamVidDataset", scenes, metainfo=dict(classes=("road", "sky")))
    assert data.metainfo["palette"] == [[128, 64, 128], [128, 128, 128]]
    ids = np.arange(48).reshape(6, 8) % 12
    assert np.array_equal(data[0]["gt_seg_map"], np.select([ids == 3, ids == 0], [0, 1], 255))


@MM
@pytest.mark.data
@pytest.mark.parametrize(("split", "images"), [("train", 367), ("val", 101), ("test", 233)])
def test_the_real_one(data_root, monkeypatch, split, images):
    monkeypatch.setenv("CAMVID_ROOT", f"{data_root}/CamVid/")
    config = Config.fromfile(BASES / "camvid.py")
    with DefaultScope.overwrite_default_scope("mmseg"):
        data = DATASETS.build(config[f"{split}_dataloader"].dataset)
    assert len(data) == images
    sample = data[images // 2]
    labels = sample["data_samples"].gt_sem_seg.data
    assert split == "train" or labels.shape[1:] == sample["inputs"].shape[1:] == (360, 480)
    assert set(labels.unique().tolist()) <= {*range(11), 255} and len(labels.unique()) > 4
    if split != "train":  # road or pavement below; sky, building or tree above
        assert int(labels[0, -20:].flatten().mode().values) in (3, 4)
        assert int(labels[0, :20].flatten().mode().values) in (0, 1, 5)


# Bad files


def colours(root):
    Image.new("RGB", (8, 6)).save(root / "trainannot" / "b.png")


def sixteen_bits(root):
    Image.fromarray(np.full((6, 8), 300, dtype=np.uint16)).save(root / "trainannot" / "b.png")


BROKEN = {
    "id": (lambda root: write_map(root, "b", [[12] * 8] * 6), "b.png' holds the id 12; allowed are 0 to 11, 255"),
    "lowest id": (lambda root: write_map(root, "b", [[200, 14] * 4] * 6), "b.png' holds the id 14; allowed"),
    "16 bits": (sixteen_bits, "b.png' holds the id 300; ids must be between 0 and 255"),
    "size": (lambda root: write_map(root, "b", [[0] * 6] * 8), "b.png' has 6x8 pixels; the image .*b.png' has 8x6"),
    "colours": (colours, "b.png' has 3 channels; it must have one"),
    "no image": (lambda root: (root / "trainannot" / "b.png").write_text("?"), "b.png' cannot be read"),
    "empty": (lambda root: (root / "trainannot" / "b.png").write_bytes(b""), "b.png' cannot be read"),
    "vanished": (
        lambda root: (root / "trainannot" / "b.png").unlink(),
        "label map .*b.png' of .*b.png' does not exist",
    ),
}


@MM
@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("nested", [False, True], ids=["", "test-time augmentation"])
def test_broken_label_maps_are_named_when_they_are_read(scenes, case, nested):
    breaks, sentence = BROKEN[case]
    pipeline = LOAD
    if nested:
        pipeline = [LOAD[0], dict(type="TestTimeAug", transforms=[[dict(type="Resize", scale=(4, 3))], [LOAD[1]]])]
    data = build("CamVidDataset", scenes, pipeline)
    breaks(scenes)
    data[0]
    with pytest.raises(UserError, match=sentence):
        data[1]


@MM
def test_missing_files_are_named_on_loading(scenes):
    (scenes / "trainannot" / "b.png").unlink()
    with pytest.raises(UserError, match="the label map '.*trainannot/b.png' is missing"):
        build("CamVidDataset", scenes)
    (scenes / "list.txt").write_text("a\nc\n")
    with pytest.raises(UserError, match=r"the image '.*train/c.png' is missing: '.*list.txt' asks for it"):
        build("CamVidDataset", scenes, ann_file="list.txt")
    with pytest.raises(UserError, match="the list of images '.*no.txt' does not exist"):
        build("CamVidDataset", scenes, ann_file="no.txt")


@MM
def test_missing_folders_are_named_on_loading(scenes):
    with pytest.raises(UserError, match="'.*train' holds no image that ends in '.bmp'"):
        build("CamVidDataset", scenes, img_suffix=".bmp")
    (scenes / "train").rename(scenes / "other")
    with pytest.raises(UserError, match="the folder of images '.*train' does not exist"):
        build("CamVidDataset", scenes)


@MM
def test_other_data_sets_are_checked_by_their_classes(scenes):
    data = build("CheckedSegDataset", scenes, img_suffix=".png", metainfo=dict(classes=tuple("abcdefghijkl")))
    assert data[0]["gt_seg_map"].max() == 11
    data = build("CheckedSegDataset", scenes, img_suffix=".png", metainfo=dict(classes=tuple("abc")))
    with pytest.raises(UserError, match="a.png' holds the id 3; allowed are 0 to 2, 255"):
        data[0]
    data = build(
        "CheckedSegDataset",
        scenes,
        img_suffix=".png",
        metainfo=dict(classes=tuple("abcdefghijk")),
        reduce_zero_label=True,
    )
    assert np.array_equal(data[0]["gt_seg_map"], (np.arange(48).reshape(6, 8) % 12).astype(np.uint8) - np.uint8(1))


@MM
def test_cityscapes_and_voc_are_mmsegs():
    from mmseg.datasets import CityscapesDataset, PascalVOCDataset

    for kind, theirs in (
        ("CheckedCityscapesDataset", CityscapesDataset),
        ("CheckedPascalVOCDataset", PascalVOCDataset),
    ):
        assert DATASETS.get(kind).METAINFO is theirs.METAINFO and issubclass(DATASETS.get(kind), theirs)


# Parts


@UNIT
@given(
    reduce=st.booleans(),
    label_map=st.none() | st.dictionaries(st.integers(0, 255), st.integers(0, 255), max_size=6),
)
def test_lookup_table_is_what_mmseg_does(reduce, label_map):
    ids = np.arange(256, dtype=np.uint8)
    if reduce:
        ids[ids == 0] = 255
        ids = ids - 1
        ids[ids == 254] = 255
    expected = ids.copy()
    for old, new in (label_map or {}).items():
        expected[ids == old] = new
    assert np.array_equal(lookup_table(reduce, label_map), expected)


@UNIT
@given(ids=st.lists(st.integers(0, 255), min_size=1, max_size=12), classes=st.integers(1, 255))
def test_the_smallest_bad_id_is_named(ids, classes):
    bad = sorted(value for value in ids if value >= classes and value != 255)
    array, table = np.array([ids], dtype=np.uint8), lookup_table(False, None)
    refused = pytest.raises(UserError, match=re.escape(f"'x.png' holds the id {bad[0]};")) if bad else nullcontext()
    with refused:
        check_label_map(array, table, classes, 255, "x.png")


@UNIT
def test_palettes_are_indices(tmp_path):
    image = Image.fromarray(np.array([[0, 3]], dtype=np.uint8))
    image.putpalette([0, 0, 0, 9, 9, 9, 1, 1, 1, 7, 7, 7])
    image.save(tmp_path / "p.png")
    assert read_label_map((tmp_path / "p.png").read_bytes(), "p.png").tolist() == [[0, 3]]


@MM
def test_colours_are_changed_as_pillow_changes_them():
    from PIL import ImageEnhance

    from relnas_mm.datasets.segmentation.colors import EnhanceColors

    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    step = EnhanceColors((0.5, 1.5))
    for factors in ([0.5, 1.5, 0.7], [1.2, 0.6, 1.5], [1.0, 1.0, 1.0]):
        step._draw = lambda factors=factors: factors
        expected = Image.fromarray(picture)
        for enhance, factor in zip((ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color), factors):
            expected = enhance(expected).enhance(factor)
        found = step.transform({"img": picture[..., ::-1].copy()})["img"][..., ::-1]
        assert np.abs(found.astype(int) - np.asarray(expected)).max() <= 3  # rounding of each step
    with pytest.raises(UserError, match="factors of EnhanceColors is"):
        EnhanceColors((1.5, 0.5))
