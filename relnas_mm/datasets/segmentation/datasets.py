"""mmseg's data sets with validation of every file.  Requires mmseg."""

import os
from collections.abc import Callable, Sequence
from typing import Any

from mmengine.dataset import Compose
from mmengine.registry import DATASETS
from mmseg.datasets import BaseSegDataset, CityscapesDataset, PascalVOCDataset

from relnas_mm.datasets.class_names import ChecksClassNames
from relnas_mm.datasets.headers import read_headers
from relnas_mm.datasets.image_files import ImageHeader
from relnas_mm.datasets.segmentation.label_maps import check_label_header
from relnas_mm.datasets.segmentation.loading import with_checks
from relnas_mm.errors import UserError


@DATASETS.register_module()
class CheckedSegDataset(ChecksClassNames, BaseSegDataset):
    """mmseg's data set for any classes, with validation.

    mmseg trains on invalid ids until a CUDA assertion fails, and fails in a worker process if a file is missing.  Here
    missing files, label maps of several channels and label maps of another size than their image are errors on loading,
    by the headers of the files; the ids of a label map are validated when it is read, as reading all of them in advance
    would take minutes.

    Args:
        pipeline: As for mmseg; its `LoadAnnotations` is replaced by `LoadCheckedSegAnnotations`.
        check_images: Whether to read the headers of all images and label maps.
        **kwargs: As for mmseg's `BaseSegDataset`.

    Raises:
        UserError: A folder, list or file is missing or invalid, or there is no image.
    """

    def __init__(self, pipeline: Sequence[dict | Callable] = (), check_images: bool = True, **kwargs: Any):
        self.check_images = check_images
        super().__init__(pipeline=[], **kwargs)
        classes = self._metainfo.get("classes")
        self.pipeline = Compose(pipeline if classes is None else with_checks(pipeline, len(classes), self.ignore_index))

    def load_data_list(self) -> list[dict]:
        """Lists all images and label maps, and checks that they exist and fit.

        Raises:
            UserError: A folder, list or file is missing or invalid, or there is no image.
        """
        source = self.ann_file or self.data_prefix.get("img_path") or ""
        if self._is_missing(source, os.path.exists):
            raise UserError(f"the {'list' if self.ann_file else 'folder'} of images {source!r} does not exist")
        data = super().load_data_list()
        if not data:
            raise UserError(f"{source!r} holds no image that ends in {self.img_suffix!r}")
        for entry in data:
            for key, what in (("img_path", "image"), ("seg_map_path", "label map")):
                path = entry.get(key)
                if path and self._is_missing(path, os.path.isfile):
                    raise UserError(f"the {what} {path!r} is missing: {source!r} asks for it")
        if self.check_images and self.backend_args is None:
            _check_headers(data)
        return data

    def _is_missing(self, path: str, exists: Callable[[str], bool]) -> bool:
        return self.backend_args is None and "://" not in path and not exists(path)


def _check_headers(data: list[dict]) -> None:
    images = read_headers(entry["img_path"] for entry in data)
    paths = (path for entry in data if (path := entry.get("seg_map_path")))
    label_maps = read_headers(paths, exif=False, what="label maps")
    for entry in data:
        image = _header(images, entry["img_path"])
        label_map = _header(label_maps, entry.get("seg_map_path"))
        if image and label_map:
            check_label_header(label_map, image, entry["seg_map_path"], entry["img_path"])


def _header(headers: dict[str, ImageHeader | UserError], path: str | None) -> ImageHeader | None:
    found = headers.get(path or "")
    if isinstance(found, UserError):
        raise found
    return found


@DATASETS.register_module()
class CheckedCityscapesDataset(CheckedSegDataset, CityscapesDataset):
    """mmseg's Cityscapes with the validation of `CheckedSegDataset`."""


@DATASETS.register_module()
class CheckedPascalVOCDataset(CheckedSegDataset, PascalVOCDataset):
    """mmseg's Pascal VOC with the validation of `CheckedSegDataset`."""
