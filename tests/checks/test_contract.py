"""Labels of data, heads and checkpoints: what contradicts, in one sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from relnas_mm.checks.contract import Labels, compare_labels, empty_classes, head_contradictions, labels_of

pytestmark = pytest.mark.unit
DISCS = Labels("classes", ("disc", "box"))
NAMES = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=6, unique=True).map(tuple)


class Head(nn.Module):
    def __init__(self, **counts):
        super().__init__()
        self.__dict__.update(counts)


def detector(**heads):
    model = nn.Module()
    for name, head in heads.items():
        model.add_module(name, head)
    return model


def test_labels_of_data_and_checkpoints():
    assert labels_of({"classes": ["disc", "box"]}) == labels_of({"CLASSES": ("disc", "box")}) == DISCS
    assert labels_of({"keypoint_id2name": {1: "eye", 0: "nose"}}) == Labels("joints", ("nose", "eye"))
    assert (
        labels_of({}) is labels_of(None) is labels_of({"classes": None}) is labels_of({"CLASSES": [{"id": 1}]}) is None
    )


def test_another_order_names_the_first_difference():
    sentence = compare_labels(Labels("classes", ("box", "disc")), "test_dataloader", DISCS, "the checkpoint")
    assert sentence == (
        "test_dataloader and the checkpoint have the same 2 classes in different order: number 0 is 'box' in "
        "test_dataloader and 'disc' in the checkpoint (['box', 'disc'] against ['disc', 'box']); labels are numbers, "
        "so the order must be the same"
    )


def test_other_classes_are_listed():
    sentence = compare_labels(Labels("classes", ("disc",)), "val_dataloader", DISCS, "train_dataloader")
    assert sentence == (
        "val_dataloader has 1 class (disc), but train_dataloader has 2 classes (disc, box); they must be the same, "
        "in the same order"
    )
    assert compare_labels(DISCS, "a", Labels("joints", ("nose",)), "b") is None


@given(NAMES, NAMES)
def test_equal_labels_alone_pass(first, second):
    sentence = compare_labels(Labels("classes", first), "a", Labels("classes", second), "b")
    assert (sentence is None) == (first == second)


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        ({"bbox_head": Head(num_classes=2)}, []),
        ({"bbox_head": Head(num_classes=1)}, ["model.bbox_head.num_classes is 1"]),
        ({"rpn_head": Head(num_classes=1), "roi_head": detector(bbox_head=Head(num_classes=2))}, []),
        ({"roi_head": detector(bbox_head=Head(num_classes=3))}, ["model.roi_head.bbox_head.num_classes is 3"]),
        (
            {"roi_head": detector(bbox_head=nn.ModuleList([Head(num_classes=2), Head(num_classes=4)]))},
            ["model.roi_head.bbox_head.1.num_classes is 4"],
        ),
        ({"roi_head": detector(mask_head=Head(num_classes=1, class_agnostic=True))}, []),
        (
            {"decode_head": Head(num_classes=19), "auxiliary_head": Head(num_classes=19)},
            ["model.decode_head.num_classes is 19", "model.auxiliary_head.num_classes is 19"],
        ),
    ],
)
def test_heads_of_another_size(heads, expected):
    sentences = list(head_contradictions(detector(**heads), DISCS, "train_dataloader"))
    end = ", but the data of train_dataloader have 2 classes (disc, box); they must be equal"
    assert sentences == [start + end for start in expected]


def test_classifiers_and_joints():
    classifier = Head(num_classes=3)
    assert "model.num_classes is 3" in next(head_contradictions(classifier, DISCS, "train_dataloader"))
    joints = Labels("joints", ("nose", "eye"))
    pose = detector(head=Head(out_channels=17))
    assert "model.head.out_channels is 17, but the data of x have 2 joints" in next(
        head_contradictions(pose, joints, "x")
    )
    assert not list(head_contradictions(detector(head=Head(num_keypoints=2, out_channels=6)), joints, "x"))


def test_classes_without_an_image():
    assert empty_classes([1, 2], ["disc", "box"], "train_dataloader") is None
    assert "1 of the 2 classes of train_dataloader have no image (box)" in str(
        empty_classes([1, 0], ["disc", "box"], "train_dataloader")
    )
