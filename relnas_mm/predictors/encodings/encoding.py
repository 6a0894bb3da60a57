"""Encodings: arrays of fixed shape as inputs of predictors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from relnas_mm.architectures import Architecture

_CACHE_SIZE = 50_000


@dataclass(frozen=True)
class Encoding:
    """Encodes architectures as arrays, with a cache of up to 50,000.

    Args:
        name: Space and kind, such as 'nasbench201/tensor', which files of predictors store.
        shape: Shape of the array of one architecture: (channels, height, width) or (features,).
        encode: Encodes one architecture.
        views: Sizes of the parts of a vector, one of which each member of an ensemble reads; by default all read the
            whole vector.
    """

    name: str
    shape: tuple[int, ...]
    encode: Callable[[Any], np.ndarray]
    views: tuple[int, ...] = ()
    _cache: dict[Any, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Encodes architectures, float32 of shape (n, *shape)."""
        out = np.empty((len(architectures), *self.shape), dtype=np.float32)
        for index, architecture in enumerate(architectures):
            out[index] = self._encode_cached(architecture)
        return out

    def _encode_cached(self, architecture: Architecture) -> np.ndarray:
        if (array := self._cache.get(architecture)) is None:
            array = self.encode(architecture).astype(np.float32)
            if len(self._cache) < _CACHE_SIZE:
                self._cache[architecture] = array
        return array
