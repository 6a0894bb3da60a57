"""Contradictions between data sets, the heads of a model, and a checkpoint: each is one sentence.

Everything here works on meta information in mm's form, for data sets and models of any mm package.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from torch import nn

HEADS = ("head", "bbox_head", "mask_head", "decode_head", "auxiliary_head")
"""Names of modules whose `num_classes` is the number of classes of the data; an `rpn_head` has one of its own."""

JOINTS = ("num_keypoints", "num_joints", "out_channels")
"""Attributes of a pose estimator's head that count joints, the first that it has."""


class Labels(NamedTuple):
    """What the labels of a data set mean.

    Args:
        noun: 'classes' or 'joints'.
        names: Their names, in the order of their numbers.
    """

    noun: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.names[:20])
        noun = {"classes": "class", "joints": "joint"}[self.noun] if len(self.names) == 1 else self.noun
        return f"{len(self.names)} {noun} ({shown}{', …' if len(self.names) > 20 else ''})"


def labels_of(metainfo: Any) -> Labels | None:
    """Labels by the `metainfo` of a data set or the `dataset_meta` of a checkpoint; `None` if it names none."""
    if not isinstance(metainfo, Mapping):
        return None
    joints = metainfo.get("keypoint_id2name")
    if isinstance(joints, Mapping):
        return Labels("joints", tuple(str(joints[number]) for number in sorted(joints)))
    classes = metainfo.get("classes", metainfo.get("CLASSES"))
    if isinstance(classes, (list, tuple)) and classes and all(isinstance(name, str) for name in classes):
        return Labels("classes", tuple(classes))
    return None


def compare_labels(first: Labels, first_source: str, second: Labels, second_source: str) -> str | None:
    """The sentence that two label lists contradict each other, or `None`.

    Args:
        first: Labels.
        first_source: Where they come from, such as 'train_dataloader'.
        second: Labels of something else.
        second_source: Where those come from.
    """
    if first.noun != second.noun or first.names == second.names:
        return None
    if sorted(first.names) == sorted(second.names):
        place = next(k for k, pair in enumerate(zip(first.names, second.names)) if pair[0] != pair[1])
        return (
            f"{first_source} and {second_source} have the same {len(first.names)} {first.noun} in different order: "
            f"number {place} is {first.names[place]!r} in {first_source} and {second.names[place]!r} in "
            f"{second_source} ({list(first.names[:20])} against {list(second.names[:20])}); labels are numbers, so the "
            "order must be the same"
        )
    return f"{first_source} has {first}, but {second_source} has {second}; they must be the same, in the same order"


def label_contradictions(
    data: Mapping[str, Labels], model: nn.Module | None, checkpoint: Labels | None
) -> Iterator[tuple[str, str]]:
    """Compares the labels of data sets with those of the first, with the heads of a model and with a checkpoint.

    Args:
        data: Labels by the name of the data set, such as 'train_dataloader'.
        model: A model of an mm package, or `None`.
        checkpoint: Labels that a checkpoint was trained on, or `None`.

    Yields:
        The name of a data set, and a sentence.
    """
    others: list[tuple[str, Labels]] = [("the checkpoint", checkpoint)] if checkpoint else []
    first: Labels | None = None
    for name, labels in data.items():
        if model is not None and (first is None or labels != first):
            yield from ((name, sentence) for sentence in head_contradictions(model, labels, name))
        for source, other in others:
            if sentence := compare_labels(labels, name, other, source):
                yield name, sentence
        if first is None:
            first = labels
            others.insert(0, (name, labels))


def head_contradictions(model: nn.Module, labels: Labels, source: str) -> Iterator[str]:
    """Sentences for heads whose size is not the number of labels.

    Args:
        model: A model of an mm package.
        labels: Labels of a data set.
        source: The data set's name, such as 'train_dataloader'.
    """
    for name, count in _head_sizes(model, labels.noun):
        if count != len(labels.names):
            yield f"model.{name} is {count}, but the data of {source} have {labels}; they must be equal"


def empty_classes(counts: Sequence[int], classes: Sequence[str], source: str) -> str | None:
    """The sentence that classes have no image, or `None`.

    Args:
        counts: Number of images of each class.
        classes: Names of the classes.
        source: The data set's name.
    """
    empty = [name for name, count in zip(classes, counts) if not count]
    if not empty:
        return None
    return (
        f"{len(empty)} of the {len(classes)} classes of {source} have no image ({', '.join(empty[:5])}"
        f"{', …' if len(empty) > 5 else ''}); each needs one, so check `indices`, limits and lists of files"
    )


def _head_sizes(model: nn.Module, noun: str) -> Iterator[tuple[str, int]]:
    """Attribute path and value of each head's size."""
    found = False
    for name, module in model.named_modules():
        parts = name.split(".")
        owner = parts[-2] if len(parts) > 1 and parts[-1].isdigit() else parts[-1]  # a number in a list of heads
        if owner not in HEADS:
            continue
        names = ("num_classes",) if noun == "classes" else JOINTS
        attribute = next((key for key in names if isinstance(getattr(module, key, None), int)), None)
        if attribute and not getattr(module, "class_agnostic", False):
            found = True
            yield f"{name}.{attribute}", getattr(module, attribute)
    if not found and noun == "classes" and isinstance(getattr(model, "num_classes", None), int):
        yield "num_classes", model.num_classes  # type: ignore[misc]  # a classifier without a named head
