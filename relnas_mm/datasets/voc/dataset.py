"""mmdet's VOC data set with validation on loading.  Requires mmdet."""

import logging
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from mmdet.datasets import VOCDataset
from mmengine.fileio import get_local_path
from mmengine.logging import print_log
from mmengine.registry import DATASETS

from relnas_mm.datasets.class_names import ChecksClassNames
from relnas_mm.datasets.headers import SizeClaim, check_sizes
from relnas_mm.datasets.left_out import in_words
from relnas_mm.datasets.voc.annotations import check_annotation, why_unusable
from relnas_mm.errors import UserError

UNKNOWN_CLASSES = ("error", "skip")


@DATASETS.register_module()
class CheckedVOCDataset(ChecksClassNames, VOCDataset):
    """VOC data set for any classes, with validation: invalid files are errors, and skipped objects are logged.

    mmdet silently skips objects of unknown classes, trains on boxes without area (the loss becomes NaN), and fails in a
    worker process if an image is missing.  Here

    - an invalid annotation file, an unknown class, a missing or unreadable image, an image of another size than its
      annotation says, or an empty list raises `UserError` on loading;
    - boxes without area (less than a pixel high or wide, as in mmdet's COCO data set) or entirely outside of their
      image are skipped, and their number is logged with the first file.

    Args:
        unknown_classes: 'error', or 'skip' to skip and count objects of classes that `metainfo` does not list, for
            instance to train on some of VOC's classes.
        keep_difficult: Whether to keep difficult objects, flagged as ignored as in mmdet; otherwise they are removed.
        minus_one: Whether to subtract one from the corners, which VOC counts from 1.
        check_images: Whether to read the headers of all images, to compare their sizes with the annotations.
        **kwargs: As for mmdet's `VOCDataset`; `metainfo=dict(classes=…)` for other classes than VOC's.

    Raises:
        UserError: A file is invalid, as above, or `unknown_classes` is neither of the two.
    """

    def __init__(
        self,
        unknown_classes: Literal["error", "skip"] = "error",
        keep_difficult: bool = True,
        minus_one: bool = True,
        check_images: bool = True,
        **kwargs: Any,
    ):
        if unknown_classes not in UNKNOWN_CLASSES:
            raise UserError(f"unknown_classes is {unknown_classes!r}; it must be one of {UNKNOWN_CLASSES}")
        self.unknown_classes, self.keep_difficult, self.minus_one = unknown_classes, keep_difficult, minus_one
        self.check_images = check_images
        super().__init__(**kwargs)
        if tuple(self._metainfo["classes"]) != VOCDataset.METAINFO["classes"]:
            self._metainfo["dataset_type"] = None  # else VOCMetric prints VOC's class names

    def load_data_list(self) -> list[dict]:
        """Loads and validates the annotations of all images of the list.

        Raises:
            UserError: A file is missing or invalid, or has an unknown class.
        """
        self.left_out: Counter[str] = Counter()
        self._first_left_out = ""
        self._sizes: list[SizeClaim] = []
        try:
            data = super().load_data_list()
        except FileNotFoundError as error:
            raise UserError(f"the list of images {self.ann_file!r} does not exist") from error
        if self.check_images:
            check_sizes(self._sizes)
        if self.left_out:
            counts = in_words(self.left_out)
            message = f"{self.ann_file}: objects left out: {counts} (first in {self._first_left_out})"
            print_log(message, logger="current", level=logging.WARNING)
        return data

    def parse_data_info(self, img_info: dict) -> dict:
        """Parses and validates one entry, and filters its objects."""
        path = img_info["xml_path"]
        with get_local_path(path, backend_args=self.backend_args) as local_path:
            check_annotation(local_path, self._metainfo["classes"] if self.unknown_classes == "error" else None)
        self._check_image(str(Path(self.sub_data_root, img_info["file_name"])), path)
        self._annotation = path
        info: dict = super().parse_data_info(img_info)  # type: ignore[assignment]
        claim = SizeClaim(info["img_path"], info["width"], info["height"], f"the annotation file {path!r}")
        if self.backend_args is None:
            self._sizes.append(claim)
        info["instances"] = [
            instance for instance in info["instances"] if self._is_usable(instance, info["width"], info["height"])
        ]
        return info

    def filter_data(self) -> list[dict]:
        """Filters images by `filter_cfg`.

        Raises:
            UserError: None is left.
        """
        data = super().filter_data()
        if not data:
            usable = "" if self.test_mode else " with an object to learn from"
            raise UserError(f"the list {self.ann_file!r} names no image{usable}")
        return data

    def _parse_instance_info(self, raw_ann_info: Any, minus_one: bool = True) -> list[dict]:
        for thing in raw_ann_info.findall("object"):
            if thing.findtext("name") not in self._metainfo["classes"]:
                self._leave_out(f"of the unknown class {thing.findtext('name')!r}")
        return super()._parse_instance_info(raw_ann_info, minus_one=self.minus_one)

    def _is_usable(self, instance: dict, width: int, height: int) -> bool:
        if instance["ignore_flag"] and not self.keep_difficult:
            return False
        reason = why_unusable(instance["bbox"], width, height)
        if reason:
            self._leave_out(reason)
        return reason is None

    def _leave_out(self, reason: str) -> None:
        self.left_out[reason] += 1
        self._first_left_out = self._first_left_out or self._annotation

    def _check_image(self, path: str, annotation: str) -> None:
        if self.backend_args is not None or "://" in path:
            return
        if not Path(path).is_file():
            raise UserError(f"the image {path!r} of {annotation!r} does not exist")
        if not Path(path).stat().st_size:
            raise UserError(f"the image {path!r} of {annotation!r} is empty")
