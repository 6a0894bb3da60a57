"""PASCAL VOC: JPEG images, one XML file each, and lists of image names per split."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PIL import Image

from relnas_mm.datasets.shapes.camera import Annotation, Shot

_JPEG: dict[str, Any] = {"quality": 92, "subsampling": 0}


def _add(parent: ElementTree.Element, **texts: str | int) -> ElementTree.Element:
    for tag, text in texts.items():
        ElementTree.SubElement(parent, tag).text = str(text)
    return parent


def _object(annotation: Annotation) -> ElementTree.Element:
    """One object; VOC counts pixels from 1 and includes the last one."""
    element = _add(
        ElementTree.Element("object"),
        name=annotation.name,
        pose="Unspecified",
        truncated=int(annotation.truncated),
        difficult=int(annotation.difficult),
        occluded=int(annotation.occlusion > 0.05),
    )
    x0, y0, x1, y1 = annotation.box
    _add(ElementTree.SubElement(element, "bndbox"), xmin=x0 + 1, ymin=y0 + 1, xmax=x1, ymax=y1)
    return element


def annotation_xml(shot: Shot, file_name: str) -> str:
    """The content of one annotation file."""
    root = _add(ElementTree.Element("annotation"), folder="VOC2007", filename=file_name)
    _add(ElementTree.SubElement(root, "source"), database="relnas_mm shapes", annotation="generated", image="generated")
    height, width, depth = shot.image.shape
    _add(ElementTree.SubElement(root, "size"), width=width, height=height, depth=depth)
    _add(root, segmented=0)
    root.extend(_object(annotation) for annotation in shot.annotations)
    ElementTree.indent(root, "\t")
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def write(root: Path, shots: dict[str, Iterator[Shot]]) -> None:
    """Writes `VOCdevkit/VOC2007` into `root`; `trainval` is the train split followed by the val split."""
    base = root / "VOCdevkit" / "VOC2007"
    lists = base / "ImageSets" / "Main"
    for folder in (base / "JPEGImages", base / "Annotations", lists):
        folder.mkdir(parents=True)
    names: dict[str, list[str]] = {split: [] for split in ("train", "val", "test")}
    for split, pictures in shots.items():
        for index, shot in enumerate(pictures):
            name = f"{split}_{index:06d}"
            Image.fromarray(shot.image).save(base / "JPEGImages" / f"{name}.jpg", **_JPEG)
            (base / "Annotations" / f"{name}.xml").write_text(annotation_xml(shot, f"{name}.jpg"))
            names[split].append(name)
    names["trainval"] = names["train"] + names["val"]
    for split, members in names.items():
        (lists / f"{split}.txt").write_text("".join(f"{name}\n" for name in members))
