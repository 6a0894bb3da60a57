"""How an operation samples the grid that it reads: by striding, or by dilation at full resolution."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """Nominal stride of an operation, and whether dilation stands in for it.

    With `replace_stride_with_dilation` an operation keeps every position of the grid.  Its result at the positions that
    a strided one would have kept is the same, with the same weights, if whatever follows reads neighbours
    `dilation_after` apart.

    Args:
        stride: Nominal stride, 1 or 2.
        dilation: Distance, in positions of the input, between the neighbours that the operation reads.
        replace_stride_with_dilation: Keep the resolution and dilate what follows instead of striding.
    """

    stride: int = 1
    dilation: int = 1
    replace_stride_with_dilation: bool = False

    @property
    def step(self) -> int:
        """Stride that is really taken."""
        return 1 if self.replace_stride_with_dilation else self.stride

    @property
    def dilation_after(self) -> int:
        """Distance between neighbours in the result."""
        return self.dilation * self.stride if self.replace_stride_with_dilation else self.dilation

    @property
    def following(self) -> "Sampling":
        """Sampling of a stride-1 operation on the result."""
        return Sampling(1, self.dilation_after)
