"""Stride and dilation of an operation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """Stride and dilation of an operation, with torchvision's option to dilate instead of striding.

    With `replace_stride_with_dilation` an operation preserves the resolution.  At the positions that a strided
    operation would compute, the output is the same, with the same weights, if the following operations have dilation
    `dilation_after`.

    Args:
        stride: Nominal stride, 1 or 2.
        dilation: Dilation, in positions of the input.
        replace_stride_with_dilation: Preserve the resolution and dilate the following operations instead of striding.
    """

    stride: int = 1
    dilation: int = 1
    replace_stride_with_dilation: bool = False

    @property
    def step(self) -> int:
        """Effective stride."""
        return 1 if self.replace_stride_with_dilation else self.stride

    @property
    def dilation_after(self) -> int:
        """Dilation of operations on the output."""
        return self.dilation * self.stride if self.replace_stride_with_dilation else self.dilation

    @property
    def following(self) -> "Sampling":
        """Sampling of a stride-1 operation on the output."""
        return Sampling(1, self.dilation_after)
