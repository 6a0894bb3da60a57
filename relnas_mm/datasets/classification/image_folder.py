"""Image folders with one subfolder per class, such as ImageNet, read file by file."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS

from relnas_mm.datasets.arrays.folder import check_same_classes, class_folders, image_files
from relnas_mm.datasets.class_names import ChecksClassNames
from relnas_mm.datasets.headers import check_readable
from relnas_mm.errors import UserError
from relnas_mm.files import expanded


@DATASETS.register_module()
class ImageFolder(ChecksClassNames, BaseDataset):
    """A data set with one subfolder per class; class indices follow the sorted names of the subfolders.

    Args:
        data_root: The data set's folder.
        split: Subfolder, such as 'train' or 'val'.
        num_classes: Expected number of classes; `None` for any.
        check_images: Whether to read the headers of all images.
        **kwargs: As for any mm data set: `pipeline`, `indices`, …

    Raises:
        UserError: A folder is missing or empty, an image is unreadable, the number of classes is another one, or the
            classes are not those of `metainfo` or of the folder `train` beside this one, in the same order.
    """

    def __init__(
        self,
        data_root: str,
        split: str = "train",
        num_classes: int | None = None,
        check_images: bool = True,
        **kwargs: Any,
    ):
        self.check_images = check_images
        self.folder = expanded(data_root, "data_root") / split
        if not self.folder.is_dir():
            raise UserError(f"the image folder {str(self.folder)!r} does not exist; data_root is {data_root!r}")
        classes = class_folders(self.folder)
        if num_classes is not None and num_classes != len(classes):
            raise UserError(f"num_classes is {num_classes!r}, but {str(self.folder)!r} has {len(classes)} classes")
        training = self.folder.parent / "train"
        if training.is_dir():
            check_same_classes(self.folder, classes, training)
        metainfo = {"classes": classes, **(kwargs.get("metainfo") or {})}
        if (given := tuple(metainfo["classes"])) != classes:
            raise UserError(f"metainfo names the classes {list(given)}, but {str(self.folder)!r} has {list(classes)}")
        kwargs["metainfo"] = metainfo
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """`img_path` and `gt_label` of each image."""
        data = [
            {"img_path": str(path), "gt_label": label}
            for label, name in enumerate(class_folders(self.folder))
            for path in image_files(self.folder / name)
        ]
        self._class_sizes = np.bincount([entry["gt_label"] for entry in data]).tolist()
        if self.check_images:
            check_readable((entry["img_path"] for entry in data), f"the image folder {str(self.folder)!r}")
        return data

    def class_counts(self) -> list[int]:
        """Number of images of each class, after `indices`."""
        if self._indices is None:  # then it need not ask for a million entries one by one
            return self._class_sizes
        labels = [self.get_data_info(index)["gt_label"] for index in range(len(self))]
        return np.bincount(labels, minlength=len(self.metainfo["classes"])).tolist()
