"""CamVid with 11 classes.  Requires mmseg."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.registry import DATASETS

from relnas_mm.datasets.segmentation.datasets import CheckedSegDataset

VOID = 11
"""Id of unlabelled pixels in the files."""


@DATASETS.register_module()
class CamVidDataset(CheckedSegDataset):
    """CamVid with SegNet's splits: 367 / 101 / 233 street scenes of 480x360, 11 classes.

    Images are in `train`, `val` and `test`, label maps of the same names in `trainannot`, `valannot` and `testannot`.
    Label maps have ids from 0 to 11; 11, which is no class, is mapped to 255, mmseg's ignored label.

    Args:
        img_suffix: Suffix of the images; `None` detects '.png', as in the SegNet repository, or '.jpg', as in smaller
            copies.
        **kwargs: As for `CheckedSegDataset`.
    """

    METAINFO = dict(
        classes=(
            "sky",
            "building",
            "pole",
            "road",
            "pavement",
            "tree",
            "sign",
            "fence",
            "car",
            "pedestrian",
            "bicyclist",
        ),
        palette=[
            [128, 128, 128],
            [128, 0, 0],
            [192, 192, 128],
            [128, 64, 128],
            [60, 40, 222],
            [128, 128, 0],
            [192, 128, 128],
            [64, 64, 128],
            [64, 0, 128],
            [64, 64, 0],
            [0, 128, 192],
        ],
    )

    def __init__(self, img_suffix: str | None = None, **kwargs: Any):
        super().__init__(img_suffix=img_suffix, **kwargs)

    def _join_prefix(self) -> None:
        super()._join_prefix()
        if self.img_suffix is None:
            folder = Path(self.data_prefix.get("img_path") or "")
            self.img_suffix = ".jpg" if next(folder.glob("*.jpg"), None) else ".png"

    @classmethod
    def get_label_map(cls, new_classes: Sequence[str] | None = None) -> dict[int, int]:
        """Maps ids in the files to those of the data set.

        Args:
            new_classes: A subset of the classes, in the order of their new ids; `None` for all.
        """
        return {**(super().get_label_map(new_classes) or {}), VOID: 255}
