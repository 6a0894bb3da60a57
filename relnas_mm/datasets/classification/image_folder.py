"""Image folders with one subfolder per class, such as ImageNet, read file by file."""

from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS

from relnas_mm.datasets.arrays.folder import class_folders, image_files
from relnas_mm.errors import UserError


@DATASETS.register_module()
class ImageFolder(BaseDataset):
    """A data set with one subfolder per class; class indices follow the sorted names of the subfolders.

    Args:
        data_root: The data set's folder.
        split: Subfolder, such as 'train' or 'val'.
        num_classes: Expected number of classes; `None` for any.
        **kwargs: As for any mm data set: `pipeline`, `indices`, …

    Raises:
        UserError: A folder is missing or empty, or the number of classes is another one.
    """

    def __init__(self, data_root: str, split: str = "train", num_classes: int | None = None, **kwargs: Any):
        self.folder = Path(data_root).expanduser() / split
        if not self.folder.is_dir():
            raise UserError(f"the image folder {str(self.folder)!r} does not exist; data_root is {data_root!r}")
        classes = class_folders(self.folder)
        if num_classes is not None and num_classes != len(classes):
            raise UserError(f"num_classes is {num_classes!r}, but {str(self.folder)!r} has {len(classes)} classes")
        kwargs["metainfo"] = {"classes": classes, **(kwargs.get("metainfo") or {})}
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """`img_path` and `gt_label` of each image."""
        return [
            {"img_path": str(path), "gt_label": label}
            for label, name in enumerate(class_folders(self.folder))
            for path in image_files(self.folder / name)
        ]
