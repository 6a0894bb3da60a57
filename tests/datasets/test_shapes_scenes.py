"""One picture and its annotations: determinism, and truths that hold for any parameters."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.datasets.shapes import CIFAR10_CLASSES, LAYOUTS, VOC_CLASSES, take
from relnas_mm.datasets.shapes.camera import LEAST_PIXELS
from relnas_mm.datasets.shapes.contours import contours
from relnas_mm.datasets.shapes.manifest import GENERATOR_VERSION
from relnas_mm.datasets.shapes.streams import Purpose, balanced_label, stream

pytestmark = pytest.mark.unit
CLASSES = {
    "voc": VOC_CLASSES,
    "cifar10": CIFAR10_CLASSES,
    "image_folder": CIFAR10_CLASSES,
    "cityscapes": VOC_CLASSES,
    "coco_keypoints": ("person",),
}


def digest(layout: str, count: int = 4, **change) -> str:
    """A hash of the first pictures of a layout, annotations included."""
    arguments = {"seed": 0, "split": "train", "size": LAYOUTS[layout].image_size, **change}
    digest = hashlib.sha256()
    for index in range(count):
        shot = take(layout, index=index, **arguments)
        for array in (shot.image, shot.instances, *(a.joints for a in shot.annotations if a.joints is not None)):
            digest.update(array.tobytes())
        digest.update(repr([(a.name, a.box, a.area, a.truncated) for a in shot.annotations]).encode())
    return digest.hexdigest()[:16]


# Whoever changes these on purpose raises GENERATOR_VERSION, so that no old folder is taken for a new one.
GOLDEN = {
    1: {
        "voc": "c4cbdfecf4aa6e74",
        "cifar10": "dc8311ae6005738e",
        "image_folder": "9f9d54d2011daeba",
        "cityscapes": "3297070bbdede212",
        "coco_keypoints": "e3d64c0643230399",
    }
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pictures_of_this_version_never_change(layout):
    assert digest(layout) == GOLDEN[GENERATOR_VERSION][layout]


@pytest.mark.parametrize("change", [{"seed": 1}, {"split": "val"}, {"size": (96, 96)}, {"difficulty": 0.6}])
def test_every_parameter_changes_the_picture(change):
    assert digest("voc", 1, **change) != digest("voc", 1)


def test_a_stream_is_a_function_of_its_address():
    def draw(*address):
        return stream(*address).random(4).tolist()

    addresses = [
        (seed, split, index, purpose)
        for seed in (0, 1, 2**64 - 1)
        for split in ("train", "val")
        for index in (0, 1, 10**6)
        for purpose in Purpose
    ]
    draws = [draw(*address) for address in addresses]
    assert draws == [draw(*address) for address in addresses]
    assert len({tuple(d) for d in draws}) == len(addresses)


def test_labels_are_balanced_in_every_block():
    labels = [balanced_label(5, "train", i, 10) for i in range(200)]
    assert all(sorted(labels[i : i + 10]) == list(range(10)) for i in range(0, 200, 10))
    assert labels[:10] != labels[10:20]


@settings(max_examples=60, deadline=None)
@given(
    layout=st.sampled_from(list(LAYOUTS)),
    seed=st.integers(0, 2**64 - 1),
    index=st.integers(0, 10**6),
    width=st.integers(16, 144),
    height=st.integers(16, 144),
    difficulty=st.floats(0, 1),
)
def test_annotations_agree_with_the_picture(layout, seed, index, width, height, difficulty):
    size = (32, 32) if layout == "cifar10" else (width, height)
    shot = take(layout, seed, "train", index, size, difficulty)
    assert shot.image.shape == (size[1], size[0], 3) and shot.image.dtype == np.uint8
    assert shot.instances.shape == shot.image.shape[:2] and shot.instances.max() <= len(shot.names)
    assert (shot.label is not None) == (layout in ("cifar10", "image_folder"))
    for annotation in shot.annotations:
        mask = shot.instances == annotation.number
        x0, y0, x1, y1 = annotation.box
        lines, columns = np.nonzero(mask)
        assert (x0, y0, x1, y1) == (columns.min(), lines.min(), columns.max() + 1, lines.max() + 1)
        assert annotation.area == mask.sum() >= LEAST_PIXELS
        assert 0 <= annotation.occlusion < 1
        assert annotation.name in CLASSES[layout] and shot.names[annotation.number - 1] == annotation.name
        assert (annotation.joints is not None) == (annotation.name == "person")
        for x, y, visibility in [] if annotation.joints is None else annotation.joints.tolist():
            if visibility == 0:
                assert x == y == 0
                continue
            assert 0 <= x <= size[0] - 1 and 0 <= y <= size[1] - 1
            seen = mask[int(np.floor(y + 0.5)), int(np.floor(x + 0.5))]
            assert visibility == (2 if seen else 1)


def test_scenes_show_all_that_makes_them_hard():
    shots = [take("voc", 0, "train", i, (96, 96)) for i in range(150)]
    seen = [annotation for shot in shots for annotation in shot.annotations]
    counts = {name: sum(a.name == name for a in seen) for name in VOC_CLASSES}
    assert min(counts.values()) > 0.6 * np.mean(list(counts.values()))
    assert {len(shot.annotations) for shot in shots} >= {1, 2, 3, 4}
    assert 0.005 < np.mean([a.difficult for a in seen]) < 0.1
    assert 0.02 < np.mean([a.truncated for a in seen]) < 0.4
    assert 0.1 < np.mean([a.occlusion > 0.1 for a in seen]) < 0.6
    assert any(None in shot.names for shot in shots)


def test_difficulty_makes_scenes_harder():
    def occluded(difficulty):
        shots = [take("voc", 0, "train", i, (64, 64), difficulty) for i in range(60)]
        return np.mean([a.occlusion for shot in shots for a in shot.annotations])

    assert occluded(0.0) < occluded(0.5) < occluded(1.0)


def test_figures_have_covered_and_visible_joints():
    shots = [take("coco_keypoints", 0, "train", i, (128, 128)) for i in range(60)]
    flags = np.concatenate([a.joints[:, 2] for shot in shots for a in shot.annotations if a.joints is not None])
    assert set(flags.tolist()) == {0.0, 1.0, 2.0}
    assert (flags == 2).mean() > 0.75


def test_the_figures_left_is_at_the_viewers_right():
    """Facing the viewer and hardly turned: a mirrored figure would make flip augmentation teach nonsense."""
    lefts, rights = [5, 11], [6, 12]
    sides = [
        a.joints[lefts, 0].mean() > a.joints[rights, 0].mean()
        for i in range(60)
        for a in take("coco_keypoints", 0, "train", i, (128, 128), 0.2).annotations
        if a.joints is not None and a.joints[lefts + rights, 2].all()
    ]
    assert len(sides) > 60 and all(sides)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.randoms(use_true_random=False))
def test_contours_give_the_mask_back(width, height, random):
    from pycocotools import mask as coco
    from scipy.ndimage import binary_fill_holes

    # pixels of 4x4, since COCO's rasteriser is only exact away from single-pixel detail
    small = np.array([[random.random() < 0.6 for _ in range(width)] for _ in range(height)])
    mask = small.repeat(4, 0).repeat(4, 1)
    polygons = [list(map(float, polygon)) for polygon in contours(mask)]
    if not polygons:
        assert not mask.any()
        return
    drawn = coco.decode(coco.merge(coco.frPyObjects(polygons, *mask.shape))).astype(bool)
    assert np.array_equal(drawn, binary_fill_holes(mask, np.ones((3, 3))))
