"""VOC data that cannot be trained on: one sentence that names the file, or a count."""

import logging
import os
import random
import shutil

import pytest
from helpers import ROOT
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from relnas_mm.datasets.voc import check_annotation, why_unusable
from relnas_mm.errors import UserError

OBJECT = "<object><name>cat</name><difficult>0</difficult><bndbox>{}</bndbox></object>"
SIZE = "<size><width>60</width><height>40</height><depth>3</depth></size>"


def corners(*values):
    return "".join(f"<{name}>{value}</{name}>" for name, value in zip(("xmin", "ymin", "xmax", "ymax"), values))


GOOD = f"<annotation>{SIZE}{OBJECT.format(corners(5, 5, 30, 30))}</annotation>"
BROKEN = {
    "cut off": (GOOD[:60], "not well-formed XML"),
    "empty": ("", "not well-formed XML: no element found"),
    "binary": ("\x00\x01", "not well-formed XML"),
    "unknown encoding": ('<?xml version="1.0" encoding="moon"?><annotation/>', "not well-formed XML"),
    "no name": (GOOD.replace("<name>cat</name>", ""), "object 1 of .* has no <name>"),
    "no box": (GOOD.replace("bndbox", "box"), "object 1 of .* has no <bndbox>"),
    "no corner": (GOOD.replace("xmax", "x2"), "<xmax> of object 1 of .* is None; it must be a number"),
    "word as corner": (GOOD.replace("30", "wide"), "<xmax> of object 1 of .* is 'wide'"),
    "not a number": (GOOD.replace("30", "nan"), "<xmax> of object 1 of .* is 'nan'"),
    "difficult": (GOOD.replace("<difficult>0", "<difficult>"), "<difficult> of object 1 of .* is None"),
    "width": (GOOD.replace(">60<", ">0<"), "<width> of .* is '0'; it must be a positive integer"),
    "no height": (GOOD.replace("<height>40</height>", ""), "<height> of .* is None"),
    "unknown class": (
        GOOD.replace("cat", "unicorn"),
        "the unknown class 'unicorn'; allowed are .*cat.*unknown_classes",
    ),
}
UNIT = pytest.mark.unit
MM = pytest.mark.mm


@UNIT
@pytest.mark.parametrize("case", BROKEN)
def test_broken_annotations_are_named(case, tmp_path):
    text, sentence = BROKEN[case]
    path = tmp_path / "000007.xml"
    path.write_text(text)
    with pytest.raises(UserError, match=sentence) as error:
        check_annotation(path, ("dog", "cat"))
    assert "000007.xml" in str(error.value)


@UNIT
def test_what_mmdet_can_read_passes(tmp_path):
    path = tmp_path / "1.xml"
    for text in (
        GOOD,
        GOOD.replace(SIZE, ""),
        GOOD.replace(">30<", ">30.7<"),
        GOOD.replace("<difficult>0</difficult>", ""),
        "<annotation/>",
    ):
        path.write_text(text)
        check_annotation(path, ("dog", "cat"))
    path.write_text(GOOD)
    check_annotation(path)
    with pytest.raises(UserError, match="cannot be read: No such file"):
        check_annotation(tmp_path / "2.xml")


@UNIT
@given(st.integers(0, 2**32), st.binary(max_size=8))
def test_damage_is_an_error_of_the_user_or_harmless(tmp_path_factory, seed, junk):
    """Some bytes of a good file overwritten anywhere: no other exception, ever."""
    rng = random.Random(seed)
    content = bytearray(GOOD.encode())
    start = rng.randrange(len(content))
    content[start : start + rng.randrange(20)] = junk
    path = tmp_path_factory.getbasetemp() / f"{os.getpid()}.xml"
    path.write_bytes(content)
    try:
        check_annotation(path, ("cat",))
    except UserError as error:
        assert path.name in str(error)


@UNIT
@given(st.tuples(*[st.integers(-50, 150)] * 4), st.integers(1, 100), st.integers(1, 100))
def test_a_usable_box_covers_part_of_the_image(box, width, height):
    left, top, right, bottom = box
    seen = max(min(right, width) - max(left, 0), 0) * max(min(bottom, height) - max(top, 0), 0)
    proper = right > left and bottom > top
    assert (why_unusable(box, width, height) is None) == (proper and seen > 0)


@pytest.fixture
def voc(tmp_path):
    """Three images in VOC layout; writes an annotation over one of them and gives the arguments of a data set."""
    folder = tmp_path / "VOC2007"
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / name).mkdir(parents=True)
    for name in ("1", "2", "3"):
        Image.new("RGB", (60, 40)).save(folder / "JPEGImages" / f"{name}.jpg")
        (folder / "Annotations" / f"{name}.xml").write_text(GOOD)
    (folder / "ImageSets/Main/train.txt").write_text("1\n2\n3\n")

    def arguments(annotation=GOOD, **more):
        (folder / "Annotations" / "2.xml").write_text(annotation)
        return dict(
            type="CheckedVOCDataset",
            data_root=str(tmp_path),
            ann_file="VOC2007/ImageSets/Main/train.txt",
            data_prefix=dict(sub_data_root="VOC2007/"),
            pipeline=[],
            **more,
        )

    return arguments


@pytest.fixture
def build():
    from mmdet.registry import DATASETS

    import relnas_mm  # noqa: F401

    return DATASETS.build


@pytest.fixture
def log(caplog):
    """Text of the warnings; `print_log` writes to mmengine's logger, which does not pass them on."""
    from mmengine.logging import MMLogger

    logger = MMLogger.get_instance("voc")
    logger.addHandler(caplog.handler)
    yield lambda: "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    logger.removeHandler(caplog.handler)


@MM
@pytest.mark.parametrize("case", BROKEN)
def test_loading_names_the_file(case, voc, build):
    text, sentence = BROKEN[case]
    arguments = voc(text)
    with pytest.raises(UserError, match=sentence) as error:
        build(arguments)
    assert "VOC2007/Annotations/2.xml" in str(error.value)


@MM
def test_missing_files(voc, build, tmp_path):
    arguments = voc()
    image = tmp_path / "VOC2007/JPEGImages/3.jpg"
    image.write_bytes(b"")
    with pytest.raises(UserError, match=r"the image '.*/3\.jpg' of '.*/3\.xml' is empty"):
        build(arguments)
    image.unlink()
    (tmp_path / "VOC2007/Annotations/3.xml").write_text(GOOD.replace(SIZE, ""))
    with pytest.raises(UserError, match=r"the image '.*/3\.jpg' of '.*/3\.xml' does not exist"):
        build(arguments)
    (tmp_path / "VOC2007/Annotations/1.xml").unlink()
    with pytest.raises(UserError, match=r"the annotation file '.*/1\.xml' cannot be read: No such file"):
        build(arguments)
    with pytest.raises(UserError, match=r"the list of images '.*/no\.txt' does not exist"):
        build({**arguments, "ann_file": "no.txt"})
    (tmp_path / "VOC2007/ImageSets/Main/train.txt").write_text("")
    with pytest.raises(UserError, match=r"the list '.*/train\.txt' names no image"):
        build(arguments)
    build({**arguments, "lazy_init": True})  # what inference does: no file is touched


@MM
def test_useless_boxes_are_left_out_and_counted(voc, build, log):
    boxes = [(5, 5, 30, 30), (7, 7, 7, 20), (9, 9, 3, 3), (70, 5, 90, 9), (-40, 5, -2, 9), (50, 30, 90, 90)]
    text = "".join(OBJECT.format(corners(*box)) for box in boxes)
    dataset = build(voc(f"<annotation>{SIZE}{text}</annotation>"))
    assert [i["bbox"] for i in dataset.get_data_info(1)["instances"]] == [[4, 4, 29, 29], [49, 29, 89, 89]]
    assert "objects left out: 2 without area, 2 outside of the image (first in" in log() and "2.xml" in log()


@MM
def test_good_data_are_loaded_without_a_word(voc, build, log):
    dataset = build(voc())
    assert len(dataset) == 3 and log() == ""
    assert dataset.metainfo["dataset_type"] == "VOC2007"


@MM
def test_other_classes(voc, build, log):
    text = GOOD.replace("cat", "unicorn")
    own = build(voc(text, metainfo=dict(classes=("unicorn", "cat"))))
    assert [own.get_data_info(i)["instances"][0]["bbox_label"] for i in range(3)] == [1, 0, 1]
    assert own.metainfo["dataset_type"] is None
    some = build(voc(text, unknown_classes="skip"))
    assert [len(some.get_data_info(i)["instances"]) for i in range(3)] == [1, 0, 1]
    assert "1 of the unknown class 'unicorn'" in log()
    assert len(build(voc(text, unknown_classes="skip", filter_cfg=dict(filter_empty_gt=True)))) == 2
    with pytest.raises(UserError, match="names no image with an object to learn from"):
        build(voc(metainfo=dict(classes=["dog"]), unknown_classes="skip", filter_cfg=dict(filter_empty_gt=True)))
    with pytest.raises(UserError, match="unknown_classes is 'ignore'; it must be one of"):
        build(voc(unknown_classes="ignore"))


@MM
def test_difficult_objects_and_counting_from_one(voc, build):
    hard = OBJECT.replace("<difficult>0", "<difficult>1").format(corners(1, 1, 20, 20))
    text = GOOD.replace("</size>", "</size>" + hard)
    flagged = build(voc(text)).get_data_info(1)["instances"]
    assert [(i["bbox"], i["ignore_flag"]) for i in flagged] == [([0, 0, 19, 19], 1), ([4, 4, 29, 29], 0)]
    (easy,) = build(voc(text, keep_difficult=False, minus_one=False)).get_data_info(1)["instances"]
    assert easy["bbox"] == [5, 5, 30, 30]


@MM
@pytest.mark.data
def test_real_annotations_are_read_as_mmdet_reads_them(data_root, build):
    arguments = dict(
        data_root=str(data_root / "VOCdevkit-mini"),
        ann_file="VOC2007/ImageSets/Main/train.txt",
        data_prefix=dict(sub_data_root="VOC2007/"),
        pipeline=[],
    )
    ours, theirs = build(dict(type="CheckedVOCDataset", **arguments)), build(dict(type="VOCDataset", **arguments))
    assert [ours.get_data_info(i) for i in range(200)] == [theirs.get_data_info(i) for i in range(200)]
    assert ours.metainfo == theirs.metainfo
    learned = build(dict(type="CheckedVOCDataset", keep_difficult=False, **arguments))
    assert sum(len(learned.get_data_info(i)["instances"]) for i in range(200)) == 661 - 168


def voc_datasets(node):
    if isinstance(node, dict):
        if "ImageSets/Main" in str(node.get("ann_file", "")):
            yield node
        for value in node.values():
            yield from voc_datasets(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from voc_datasets(value)


@MM
def test_every_voc_config_of_ours_is_checked():
    from mmengine.config import Config

    import relnas_mm  # noqa: F401

    seen = set()
    for path in sorted((ROOT / "configs").glob("[!_]*/*.py")):
        config = Config.fromfile(path)
        for loader in ("train_dataloader", "val_dataloader", "test_dataloader"):
            for dataset in voc_datasets(config.get(loader)):
                assert dataset["type"] == "CheckedVOCDataset", path
                seen.add(path.parent.name)
    assert {"ssd", "ssdlite"} <= seen


@MM
@pytest.mark.data
def test_training_on_a_broken_file_ends_with_one_sentence(data_root, tmp_path, monkeypatch):
    """Nothing between the data set and the tools wraps the error."""
    from mmengine.config import Config
    from mmengine.runner import Runner

    import relnas_mm  # noqa: F401

    devkit = tmp_path / "VOCdevkit"
    shutil.copytree(data_root / "VOCdevkit-mini", devkit, ignore=shutil.ignore_patterns("JPEGImages"))
    (devkit / "VOC2007/JPEGImages").symlink_to(data_root / "VOCdevkit-mini/VOC2007/JPEGImages")
    name = (devkit / "VOC2007/ImageSets/Main/train.txt").read_text().split()[17]
    broken = devkit / f"VOC2007/Annotations/{name}.xml"
    content = broken.read_text()
    broken.unlink()
    broken.write_text(content[: len(content) // 2])
    monkeypatch.setenv("VOC_ROOT", str(devkit))
    config = Config.fromfile(ROOT / "configs/ssdlite/ssdlite320_relativenas-c16l6_20e_voc-mini.py")
    config.work_dir = str(tmp_path / "run")
    with pytest.raises(UserError, match=rf"^the annotation file '.*{name}\.xml' is not well-formed XML"):
        Runner.from_cfg(config).train()
