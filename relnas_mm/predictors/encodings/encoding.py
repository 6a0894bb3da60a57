"""What a predictor sees of an architecture: an array of fixed shape."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture

_REMEMBERED = 50_000


@dataclass(frozen=True)
class Encoding:
    """Turns architectures into arrays, and remembers up to 50,000 of them.

    Args:
        name: Space and kind, such as 'nasbench201/tensor'; kept in the files of a predictor.
        shape: Shape of the array of one architecture: (channels, height, width) or (features,).
        encode: Gives it.
        views: Sizes of the parts of a vector that the members of an ensemble look at, each at one of them; none stands
            for the whole.
    """

    name: str
    shape: tuple[int, ...]
    encode: Callable[[Any], np.ndarray]
    views: tuple[int, ...] = ()
    _known: dict[Any, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Arrays of several architectures, float32 of shape (n, *shape)."""
        out = np.empty((len(architectures), *self.shape), dtype=np.float32)
        for place, architecture in enumerate(architectures):
            out[place] = self._of(architecture)
        return out

    def _of(self, architecture: Architecture) -> np.ndarray:
        if (array := self._known.get(architecture)) is None:
            array = self.encode(architecture).astype(np.float32)
            if len(self._known) < _REMEMBERED:
                self._known[architecture] = array
        return array
