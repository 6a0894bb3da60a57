"""mmpose's data sets with validation on loading.  Requires mmpose."""

import logging
from collections import Counter
from typing import Any

import numpy as np
from mmengine.fileio import get_local_path
from mmengine.logging import print_log
from mmengine.registry import DATASETS
from mmpose.datasets import CocoDataset, MpiiDataset

from relnas_mm.datasets.headers import SizeClaim, check_readable, check_sizes
from relnas_mm.datasets.keypoints.annotations import (
    check_annotations,
    check_images,
    why_box_unusable,
    why_unusable,
)
from relnas_mm.datasets.keypoints.detections import check_detections
from relnas_mm.datasets.keypoints.mpii import HEAD_SIZE_RATIO, check_people, read_heads
from relnas_mm.datasets.left_out import in_words
from relnas_mm.errors import UserError
from relnas_mm.files import LARGE, read_json


@DATASETS.register_module()
class CheckedCocoKeypointDataset(CocoDataset):
    """mmpose's COCO keypoints with validation: invalid entries are errors, and skipped ones are logged.

    mmpose silently skips annotations without keypoints and boxes outside of their image, and fails in a worker process
    if an image is missing or a person has another number of joints.  Here

    - files that are missing or not in COCO's layout, a wrong number of joints, a `num_keypoints` that is not the number
      of labelled joints, missing or unreadable images, images of another size than the file says, and detections in
      another format raise `UserError` on loading;
    - annotations without keypoints or box, boxes without area or entirely outside of their image, and detections of
      other categories are skipped, and their number is logged.

    Validation reads the annotation file once more, which takes seconds for COCO.

    Args:
        check_images: Whether to read the headers of all images, to compare their sizes with the annotations.
        **kwargs: As for mmpose's `CocoDataset`; `metainfo=dict(from_file=…)` for other joints than COCO's.

    Raises:
        UserError: An entry is invalid, as above, or there are no usable persons.
    """

    def __init__(self, *args: Any, check_images: bool = True, **kwargs: Any):
        self.check_images = check_images
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Loads and validates all persons (or, bottom-up, all images).

        Raises:
            UserError: An entry is invalid.
        """
        self.left_out: Counter[str] = Counter()
        self._usual: Counter[str] = Counter()
        self._sizes: dict[str, SizeClaim] = {}
        self._local(check_annotations, str(self.ann_file), self.metainfo["num_keypoints"])
        data = super().load_data_list()
        check_images((entry["img_path"] for entry in data), str(self.ann_file))
        if self.check_images:
            check_sizes(self._sizes.values())
        for counts, level in ((self.left_out, logging.WARNING), (self._usual, logging.INFO)):
            if counts:
                message = f"{self.bbox_file or self.ann_file}: left out: {in_words(counts)}"
                print_log(message, logger="current", level=level)
        return data

    def parse_data_info(self, raw_data_info: dict) -> dict | None:
        """Parses one annotation; returns `None` if it cannot be used."""
        annotation, image = raw_data_info["raw_ann_info"], raw_data_info["raw_img_info"]
        source = f"image {image['id']} of {str(self.ann_file)!r}"
        self._sizes[image["img_path"]] = SizeClaim(image["img_path"], image["width"], image["height"], source)
        reason = why_unusable(annotation, image["width"], image["height"])
        if reason:
            self.left_out[f"annotations {reason}"] += 1
            return None
        return super().parse_data_info(raw_data_info)

    def filter_data(self) -> list[dict]:
        """Filters persons by `filter_cfg`.

        Raises:
            UserError: None is left.
        """
        data = super().filter_data()
        if not data:
            raise UserError(f"{(self.bbox_file or self.ann_file)!r} holds no person that can be used")
        return data

    def _get_topdown_data_infos(self, instance_list: list[dict]) -> list[dict]:
        data = super()._get_topdown_data_infos(instance_list)
        if len(data) < len(instance_list):
            self._usual["persons without a labelled joint, or crowds"] = len(instance_list) - len(data)
        return data

    def _load_detection_results(self) -> list[dict]:
        assert self.bbox_file is not None  # else mmpose does not call this
        ann_file, bbox_file = str(self.ann_file), self.bbox_file
        annotations = self._local(read_json, ann_file, f"the annotation file {ann_file!r}", LARGE)
        self._local(check_detections, bbox_file, {image["id"] for image in annotations["images"]})
        detections = len(self._local(read_json, bbox_file, f"the file of detections {bbox_file!r}", LARGE))
        persons = super()._load_detection_results()
        if len(persons) < detections:
            self.left_out["detections of other categories than 1, a person"] = detections - len(persons)
        data = []
        for person in persons:
            height, width = person["img_shape"]
            reason = why_box_unusable(person["bbox"][0], width, height)
            if reason:
                self.left_out[f"detections {reason}"] += 1
            else:
                data.append(person)
        return data

    @staticmethod
    def _local(read: Any, path: str, *arguments: Any) -> Any:
        """Calls a reader of local files with a path or URL."""
        if "://" not in path:
            return read(path, *arguments)
        with get_local_path(path) as local_path:
            return read(local_path, *arguments)


@DATASETS.register_module()
class CheckedMpiiDataset(MpiiDataset):
    """mmpose's MPII with validation on loading.

    Args:
        check_images: Whether to read the headers of all images.
        **kwargs: As for mmpose's `MpiiDataset`.

    Raises:
        UserError: A file is missing or in another layout, a person has another number of joints, an image is missing or
            unreadable, or the number of heads is not that of persons.
    """

    def __init__(self, *args: Any, check_images: bool = True, **kwargs: Any):
        self.check_images = check_images
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Loads and validates all persons.

        Raises:
            UserError: An entry is invalid.
        """
        people = check_people(str(self.ann_file), self.metainfo["num_keypoints"])
        heads = read_heads(self.headbox_file, people) if self.headbox_file else None
        headbox_file, self.headbox_file = self.headbox_file, None  # mmpose would read it by scipy
        try:
            data = super().load_data_list()
        finally:
            self.headbox_file = headbox_file
        if heads is not None:
            sizes = HEAD_SIZE_RATIO * np.linalg.norm(heads[1] - heads[0], axis=0)
            for entry in data:
                entry["head_size"] = sizes[entry["id"]].reshape(1, -1)
        if not data:
            raise UserError(f"{self.ann_file!r} holds no person")
        check_images((entry["img_path"] for entry in data), str(self.ann_file))
        if self.check_images:
            check_readable((entry["img_path"] for entry in data), f"the annotation file {str(self.ann_file)!r}")
        return data
