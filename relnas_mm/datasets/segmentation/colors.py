"""Colour jitter as by Pillow's enhancers."""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmengine.registry import TRANSFORMS
from torchvision.transforms.v2 import functional as F

from relnas_mm.errors import UserError


@TRANSFORMS.register_module()
class EnhanceColors(BaseTransform):
    """Multiplies brightness, contrast and saturation, in this order, by random factors.

    mmseg's `PhotoMetricDistortion` instead shifts brightness, and applies each change to half of the images.

    Args:
        factors: Lowest and highest factor, 0 <= lowest <= highest.

    Raises:
        UserError: `factors` is no such pair.
    """

    def __init__(self, factors: tuple[float, float] = (0.5, 1.5)):
        if len(factors) != 2 or not 0 <= factors[0] <= factors[1]:
            raise UserError(f"factors of EnhanceColors is {factors!r}; it must be a pair with 0 <= lowest <= highest")
        self.factors = factors

    @cache_randomness
    def _draw(self) -> list[float]:
        return np.random.uniform(*self.factors, size=3).tolist()  # noqa: NPY002  (the generator that mm's workers seed)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Transforms `img`, uint8 (h, w, 3) in BGR."""
        brightness, contrast, saturation = self._draw()
        image = torch.from_numpy(np.ascontiguousarray(results["img"][..., ::-1])).permute(2, 0, 1)
        image = F.adjust_brightness(image, brightness)
        image = F.adjust_contrast(image, contrast)
        image = F.adjust_saturation(image, saturation)
        results["img"] = np.ascontiguousarray(image.permute(1, 2, 0).numpy()[..., ::-1])
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(factors={self.factors})"
