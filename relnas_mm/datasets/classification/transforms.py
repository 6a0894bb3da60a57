"""Transforms of image classification pipelines, including torchvision's as `torchvision/…`."""

import inspect
from typing import Any

import torch
from mmengine.registry import TRANSFORMS
from torchvision.transforms import v2

from relnas_mm.datasets.image_files import read_rgb
from relnas_mm.errors import UserError

Results = dict[str, Any]


@TRANSFORMS.register_module()
class LoadRGBImage:
    """Reads `img_path` into `img`, an RGB Pillow image.

    Raises:
        UserError: The file is no readable image.
    """

    def __call__(self, results: Results) -> Results:
        """Adds `img` and `ori_shape`, (height, width)."""
        image = read_rgb(results["img_path"])
        return {**results, "img": image, "ori_shape": image.size[::-1]}


@TRANSFORMS.register_module()
class PackClassificationInputs:
    """Packs `img` and `gt_label` for `CellClassifier` as `inputs`, uint8 (3, h, w), and `data_samples`."""

    def __call__(self, results: Results) -> Results:
        """Returns the two packed entries only."""
        return {
            "inputs": v2.functional.pil_to_tensor(results["img"]),
            "data_samples": torch.tensor(results["gt_label"]),
        }


class OnImage:
    """Applies a transform of torchvision to `img`."""

    def __init__(self, transform: v2.Transform):
        self.transform = transform

    def __call__(self, results: Results) -> Results:
        """Replaces `img`."""
        return {**results, "img": self.transform(results["img"])}

    def __repr__(self) -> str:
        return repr(self.transform)


def _register(name: str, transform: type[v2.Transform]) -> None:
    def build(**kwargs: Any) -> OnImage:
        try:
            return OnImage(transform(**kwargs))
        except (TypeError, ValueError) as error:
            raise UserError(f"the pipeline has a bad torchvision/{name}: {error}") from None

    TRANSFORMS.register_module(name=f"torchvision/{name}", module=build)  # type: ignore[arg-type]


for _name, _kind in vars(v2).items():
    if inspect.isclass(_kind) and issubclass(_kind, v2.Transform) and _kind is not v2.Transform:
        _register(_name, _kind)
