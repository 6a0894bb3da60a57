"""Augmentation of SimpleBaseline's reference implementation.  Requires mmpose."""

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmengine.registry import TRANSFORMS
from mmpose.datasets.transforms import RandomBBoxTransform


@TRANSFORMS.register_module()
class RandomScaleRotation(RandomBBoxTransform):
    """Scales and rotates the box of a person by clipped Gaussian random numbers.

    mmpose's `RandomBBoxTransform` samples from a truncated normal distribution, where the reference implementation
    clips: a third of all scales, and a twentieth of the angles.

    Args:
        scale_factor: Standard deviation, and limit, of the scale's difference to 1.
        rotate_factor: Standard deviation of the angle, in degrees; the limit is twice as large.
        rotate_prob: Probability of rotation, 0 to 1.
    """

    def __init__(self, scale_factor: float = 0.3, rotate_factor: float = 40.0, rotate_prob: float = 0.6):
        limits = (1 - scale_factor, 1 + scale_factor)
        super().__init__(shift_prob=0.0, scale_factor=limits, rotate_factor=2 * rotate_factor, rotate_prob=rotate_prob)

    @cache_randomness
    def _get_transform_params(self, num_bboxes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shifts, (n, 2), all 0; scales, (n, 1); angles in degrees, (n,)."""
        low, high = self.scale_factor
        # by NumPy's global generator, which mm seeds in each worker process
        scale = np.random.normal(1.0, (high - low) / 2, (num_bboxes, 1)).clip(low, high)  # noqa: NPY002
        angle = np.random.normal(0.0, self.rotate_factor / 2, num_bboxes)  # noqa: NPY002
        angle = angle.clip(-self.rotate_factor, self.rotate_factor)
        rotated = np.random.random(num_bboxes) < self.rotate_prob  # noqa: NPY002
        return np.zeros((num_bboxes, 2)), scale, np.where(rotated, angle, 0.0)
