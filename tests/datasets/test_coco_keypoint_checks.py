"""Keypoints that cannot be trained on: one sentence that names the entry, or a count."""

import copy
import json
import logging
import os
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from relnas_mm.datasets.keypoints import check_annotations, check_detections, why_unusable
from relnas_mm.errors import UserError

UNIT = pytest.mark.unit
MM = pytest.mark.mm
JOINTS = [value for k in range(17) for value in (10 + k, 8 + k, 2)]


def person(number, image, **changes):
    entry = {"id": number, "image_id": image, "category_id": 1, "bbox": [5, 5, 30, 30], "area": 400.0, "iscrowd": 0}
    return {**entry, "keypoints": JOINTS, "num_keypoints": 17, **changes}


def without(entry, key):
    return {name: value for name, value in entry.items() if name != key}


GOOD = {
    "images": [{"id": k, "file_name": f"{k}.jpg", "width": 60, "height": 40} for k in (1, 2, 3)],
    "categories": [{"id": 1, "name": "person"}],
    "annotations": [person(10 + k, k) for k in (1, 2, 3)],
}


def good(**changes):
    """The good file; the second annotation or image, or a whole part of it, is another."""
    content = copy.deepcopy(GOOD)
    for key, value in changes.items():
        if key in ("annotation", "image"):
            content[key + "s"][1] = value
        else:
            content[key] = value
    return content


IMAGE = GOOD["images"][1]
BROKEN = {
    "empty": ("", "the annotation file .* is not JSON"),
    "cut off": (json.dumps(GOOD)[:-40], "the annotation file .* is not JSON"),
    "a list": ([], "is not in COCO's layout: it has no list of 'images'"),
    "no images": (without(GOOD, "images"), "is not in COCO's layout"),
    "image": (good(image=7), "image 2 of .* is 7; it must be an object"),
    "no file name": (good(image=without(IMAGE, "file_name")), "file_name of image 2 of .* is None"),
    "width": (good(image={**IMAGE, "width": 0}), "width of image 2 of .* is 0; it must be a positive number"),
    "image twice": (good(image={**IMAGE, "id": 1}), "id of image 2 of .* is 1, which an earlier one has already"),
    "person twice": (good(annotation=person(11, 2)), "id of annotation 2 of .* is 11, which an earlier one has"),
    "image id": (good(annotation=person(12, 99)), "image_id of annotation 2 of .* is 99; there is no such image"),
    "category": (good(categories=[]), "category_id of annotation 1 of .* is 1; there is no such category"),
    "categories": (good(categories=None), "must be lists"),
    "13 joints": (
        good(annotation=person(12, 2, keypoints=JOINTS[:39])),
        r"annotation 2 of .* \(id 12\) has 13 joints \(39 numbers\); 17 are expected",
    ),
    "part of a joint": (good(annotation=person(12, 2, keypoints=JOINTS[:50])), r"has 16\.67 joints \(50 numbers\)"),
    "word": (good(annotation=person(12, 2, keypoints=["x", *JOINTS[1:]])), "keypoints of annotation 2 .* are .* 51"),
    "not a number": (
        good(annotation=person(12, 2, keypoints=[float("nan"), *JOINTS[1:]])),
        "it holds NaN, which is no number",
    ),
    "no list": (good(annotation=person(12, 2, keypoints=None)), "keypoints of annotation 2 .* are None"),
    "flag": (good(annotation=person(12, 2, keypoints=[*JOINTS[:2], 3, *JOINTS[3:]])), "is flagged 3; allowed are 0"),
    "box": (good(annotation=person(12, 2, bbox=[1, 2, 3])), r"bbox of annotation 2 .* is \[1, 2, 3\]; it must be"),
    "area": (good(annotation=person(12, 2, area="big")), "area of annotation 2 .* is 'big'; it must be a number"),
    "no keypoints at all": (
        good(annotations=[without(entry, "keypoints") for entry in GOOD["annotations"]]),
        "no annotation of .* has keypoints; COCO's file of them is called person_keypoints",
    ),
}
DETECTION = {"image_id": 2, "category_id": 1, "bbox": [5, 5, 30, 30], "score": 0.9}
BAD_DETECTIONS = {
    "empty": ("", "the file of detections .* is not JSON"),
    "an object": ({"detections": []}, "holds an object; it must be a list of objects with image_id"),
    "numbers": ([[5, 5, 30, 30]], "detection 1 of .* is a list; the file must be a list of objects"),
    "keypoint results": ([DETECTION, without(DETECTION, "bbox")], "detection 2 of .* has no bbox; required are"),
    "bare boxes": ([{"bbox": [5, 5, 30, 30]}], "has no image_id and no category_id and no score"),
    "image": ([{**DETECTION, "image_id": 7}], "image_id of detection 1 of .* is 7; the annotation file has no such"),
    "box": ([{**DETECTION, "bbox": [1, 2]}], r"bbox of detection 1 of .* is \[1, 2\]"),
    "score": ([{**DETECTION, "score": None}], "score of detection 1 of .* is None; it must be a number"),
}


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@UNIT
@pytest.mark.parametrize("case", BROKEN)
def test_broken_annotations_are_named(case, tmp_path):
    content, sentence = BROKEN[case]
    with pytest.raises(UserError, match=sentence) as error:
        check_annotations(write(tmp_path / "keypoints.json", content), 17)
    assert "keypoints.json" in str(error.value)


@UNIT
@pytest.mark.parametrize("case", BAD_DETECTIONS)
def test_detections_in_another_format_are_named(case, tmp_path):
    content, sentence = BAD_DETECTIONS[case]
    with pytest.raises(UserError, match=sentence) as error:
        check_detections(write(tmp_path / "found.json", content), {1, 2, 3})
    assert "found.json" in str(error.value)


@UNIT
def test_what_mmpose_can_read_passes(tmp_path):
    path = tmp_path / "keypoints.json"
    chair = without(person(12, 2), "keypoints")
    for content in (
        GOOD,
        good(annotation=chair),
        good(annotation=without(person(12, 2), "area")),
        good(annotations=[]),
    ):
        check_annotations(write(path, content), 17)
    with pytest.raises(UserError, match="cannot be read: No such file"):
        check_annotations(tmp_path / "nowhere.json", 17)
    check_detections(write(path, [DETECTION, {**DETECTION, "bbox": [1, 2, 3, 4, 0.5]}]), {2})


@UNIT
@given(st.integers(0, 2**32), st.binary(max_size=8))
def test_damage_is_an_error_of_the_user_or_harmless(tmp_path_factory, seed, junk):
    """Some bytes of a good file overwritten anywhere: no other exception, ever."""
    rng = random.Random(seed)
    content = bytearray(json.dumps(GOOD).encode())
    start = rng.randrange(len(content))
    content[start : start + rng.randrange(20)] = junk
    path = tmp_path_factory.getbasetemp() / f"{os.getpid()}.json"
    path.write_bytes(content)
    try:
        check_annotations(path, 17)
    except UserError as error:
        assert path.name in str(error)


@UNIT
@given(st.tuples(*[st.integers(-50, 100)] * 2, *[st.integers(-5, 100)] * 2), st.integers(2, 60), st.integers(2, 60))
def test_a_usable_box_is_one_that_mmpose_keeps(box, width, height):
    """mmpose cuts boxes to [0, width - 1] x [0, height - 1] and drops those that are then without area."""
    left, top, across, down = box
    wide, high = (
        np.clip(a + b, 0, side - 1) - np.clip(a, 0, side - 1)
        for a, b, side in ((left, across, width), (top, down, height))
    )
    assert (why_unusable(person(1, 1, bbox=list(box)), width, height) is None) == (wide > 0 and high > 0)


MPII = dict(image="1.jpg", center=[30, 20], scale=0.2, joints=[[10 + k, 8 + k] for k in range(16)], joints_vis=[1] * 16)
BAD_MPII = {
    "no list": ({"people": []}, "is not in MPII's layout: it is no list of persons"),
    "COCO": ([person(1, 1)], "person 1 of .* names no image; required are image, center, scale, joints"),
    "no joints": ([MPII, without(MPII, "joints")], "person 2 of .* has no joints or no joints_vis"),
    "14 joints": ([{**MPII, "joints": MPII["joints"][:14]}], "has 14 joints and 16 flags; 16 are expected"),
    "scale": ([{**MPII, "scale": 0}], r"has center \[30, 20\] and scale 0; two numbers and a positive one are needed"),
    "flags": ([{**MPII, "joints_vis": [2] * 16}], "must be pairs of numbers, flagged 0"),
    "image": ([{**MPII, "image": "9.jpg"}], r"the image '.*9\.jpg' of '.*people\.json' does not exist"),
    "nobody": ([], r"people\.json' holds no person"),
}


@MM
@pytest.mark.parametrize("case", BAD_MPII)
def test_broken_mpii_files_are_named(case, coco, build, tmp_path):
    content, sentence = BAD_MPII[case]
    write(tmp_path / "people.json", content)
    with pytest.raises(UserError, match=sentence):
        build({**coco(), "type": "CheckedMpiiDataset", "ann_file": "people.json"})


@MM
def test_heads_of_mpii_are_as_many_as_persons(coco, build, tmp_path):
    from scipy.io import savemat

    write(tmp_path / "people.json", [MPII] * 3)
    heads = tmp_path / "heads.mat"
    arguments = {**coco(test_mode=True), "type": "CheckedMpiiDataset", "ann_file": "people.json"}
    for content, sentence in (
        (None, "cannot be read"),
        (dict(x=1), "has no 'headboxes_src'"),
        (2, "has 2 of them, for 3 persons"),
    ):
        if content:
            savemat(heads, dict(headboxes_src=np.ones((2, 2, content))) if isinstance(content, int) else content)
        with pytest.raises(UserError, match=f"the file of heads '.*heads.mat' {sentence}"):
            build({**arguments, "headbox_file": str(heads)})
    savemat(heads, dict(headboxes_src=np.ones((2, 2, 3))))
    assert len(build({**arguments, "headbox_file": str(heads)})) == 3


@pytest.fixture
def coco(tmp_path):
    """Three images in COCO's layout; writes the annotations and gives the arguments of a data set."""
    (tmp_path / "images").mkdir()
    for k in (1, 2, 3):
        Image.new("RGB", (60, 40)).save(tmp_path / "images" / f"{k}.jpg")

    def arguments(content=GOOD, **more):
        write(tmp_path / "keypoints.json", content)
        return dict(
            type="CheckedCocoKeypointDataset",
            data_root=str(tmp_path),
            ann_file="keypoints.json",
            data_prefix=dict(img="images/"),
            pipeline=[],
            **more,
        )

    return arguments


@pytest.fixture
def build():
    from mmengine.registry import DefaultScope

    import relnas_mm  # noqa: F401

    with DefaultScope.overwrite_default_scope("mmpose"):
        from mmpose.registry import DATASETS

        yield DATASETS.build


@pytest.fixture
def log(caplog):
    """Texts of the log; `print_log` writes to mmengine's logger, which does not pass them on."""
    from mmengine.logging import MMLogger

    logger = MMLogger.get_instance("keypoints")
    logger.addHandler(caplog.handler)
    yield lambda level: "\n".join(record.getMessage() for record in caplog.records if record.levelno == level)
    logger.removeHandler(caplog.handler)


@MM
@pytest.mark.parametrize("case", ["13 joints", "cut off", "no keypoints at all", "image id"])
def test_loading_names_the_file(case, coco, build):
    content, sentence = BROKEN[case]
    with pytest.raises(UserError, match=sentence):
        build(coco(content))


@MM
def test_what_cannot_be_used_is_left_out_and_counted(coco, build, log):
    outside, flat = person(20, 1, bbox=[70, 5, 10, 10]), person(21, 2, bbox=[5, 5, 0, 9])
    chairs = [without(person(22 + k, 3), "keypoints") for k in range(2)]
    unlabelled = person(30, 1, keypoints=[0] * 51, num_keypoints=0)
    content = good(annotations=[*GOOD["annotations"], outside, flat, *chairs, unlabelled])
    data = build(coco(content))
    assert [data.get_data_info(k)["id"] for k in range(len(data))] == [11, 12, 13]
    warnings = log(logging.WARNING)
    assert "keypoints.json: left out: 2 annotations without keypoints, 1 annotations with a box outside" in warnings
    assert "1 annotations with a box without area" in warnings
    assert "1 persons without a labelled joint" in log(logging.INFO) and "labelled" not in warnings


@MM
def test_nothing_is_said_of_good_data(coco, build, log):
    data = build(coco(good(annotation=person(12, 2, bbox=[-10, -10, 99, 99]))))
    assert len(data) == 3 and not log(logging.WARNING)
    assert data.get_data_info(1)["bbox"].tolist() == [[0, 0, 59, 39]]


@MM
def test_missing_and_empty_images_are_named(coco, build, tmp_path):
    arguments = coco()
    (tmp_path / "images" / "2.jpg").write_bytes(b"")
    with pytest.raises(UserError, match=r"the image '.*2\.jpg' of '.*keypoints\.json' is empty"):
        build(arguments)
    (tmp_path / "images" / "2.jpg").unlink()
    with pytest.raises(UserError, match=r"the image '.*2\.jpg' of '.*keypoints\.json' does not exist"):
        build(arguments)


@MM
def test_no_person_to_learn_from_is_an_error(coco, build):
    unlabelled = [{**entry, "keypoints": [0] * 51, "num_keypoints": 0} for entry in GOOD["annotations"]]
    for annotations in ([], unlabelled):
        with pytest.raises(UserError, match=r"keypoints\.json' holds no person that can be used"):
            build(coco(good(annotations=annotations)))


@MM
def test_detections_take_the_place_of_true_boxes(coco, build, log, tmp_path):
    found = [
        DETECTION,
        {**DETECTION, "category_id": 3},
        {**DETECTION, "bbox": [-20, 5, 10, 10]},
        {**DETECTION, "bbox": [5, 5, 0, 10]},
        {**DETECTION, "image_id": 3, "bbox": [-2, 5, 30, 50]},
    ]
    path = str(write(tmp_path / "found.json", found))
    data = build(coco(test_mode=True, bbox_file=path))
    assert [data.get_data_info(k)["bbox"].tolist() for k in range(len(data))] == [[[5, 5, 35, 35]], [[-2, 5, 28, 55]]]
    warnings = log(logging.WARNING)
    assert "1 detections of other categories than 1" in warnings and "1 detections with a box outside" in warnings
    assert "1 detections with a box without area" in warnings
    write(tmp_path / "found.json", {"image_id": 1})
    with pytest.raises(UserError, match="holds an object; it must be a list"):
        build(coco(test_mode=True, bbox_file=path))
    with pytest.raises(UserError, match=r"the file of detections '.*nowhere\.json' cannot be read: No such file"):
        build(coco(test_mode=True, bbox_file=str(tmp_path / "nowhere.json")))


@MM
def test_other_layouts_of_joints(coco, build):
    """Six joints, as a user would describe them."""
    names = dict(enumerate("abcdef"))
    info = {k: dict(name=name, id=k, color=[0, 0, 0], type="upper", swap="") for k, name in names.items()}
    metainfo = dict(
        dataset_name="six", keypoint_info=info, skeleton_info={}, joint_weights=[1.0] * 6, sigmas=[0.05] * 6
    )
    six = [{**entry, "keypoints": JOINTS[:18], "num_keypoints": 6} for entry in GOOD["annotations"]]
    data = build(coco(good(annotations=six), metainfo=metainfo))
    assert data.get_data_info(0)["keypoints"].shape == (1, 6, 2)
    with pytest.raises(UserError, match="has 17 joints .*; 6 are expected"):
        build(coco(GOOD, metainfo=metainfo))


@MM
def test_boxes_are_scaled_and_turned_as_published(build):
    """Deviates beyond the limits become the limits: 2 x 15.9 % of the scales, 2 x 2.3 % of the angles that turn."""
    from mmpose.registry import TRANSFORMS

    step = TRANSFORMS.build(dict(type="RandomScaleRotation"))
    np.random.seed(0)  # noqa: NPY002  (mm draws from it)
    boxes = dict(bbox_center=np.zeros((20000, 2)), bbox_scale=np.ones((20000, 2)))
    moved = step.transform(boxes)
    scale, angle = moved["bbox_scale"][:, 0], moved["bbox_rotation"]
    assert not moved["bbox_center"].any() and (moved["bbox_scale"][:, 1] == scale).all()
    assert (scale.min(), scale.max(), angle.min(), angle.max()) == pytest.approx((0.7, 1.3, -80, 80))
    assert np.isin(scale, (scale.min(), scale.max())).mean() == pytest.approx(0.317, abs=0.015)
    turned = angle[angle != 0]
    assert len(turned) / len(angle) == pytest.approx(0.6, abs=0.015)
    assert (np.abs(turned) == 80).mean() == pytest.approx(0.0455, abs=0.007)
    assert np.abs(turned).mean() == pytest.approx(31.2, abs=0.7)
