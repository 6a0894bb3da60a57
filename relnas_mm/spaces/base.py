"""The contract of search spaces: a box of vectors, each of which decodes to an architecture."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError


class Space(ABC):
    """A box of vectors whose bins (k, k + 1] are the choices of each dimension; subclasses decode them.

    Args:
        choices: Number of choices of each dimension, shape (d,).
        is_input_choice: Whether a dimension chooses an input node, shape (d,), else an operation; all False by default.

    Attributes:
        kind: Family of the architectures (`Architecture.kind`).
        upper: Inclusive upper bound of each dimension, shape (d,); lower bounds are 0.
        is_input_choice: Boolean mask, shape (d,).
        in_channels: Channels of the images, if architectures depend on them, else `None`.
        num_classes: Number of classes, likewise.
        has_sizes: Whether architectures set the size of their network (`sizes`).
    """

    kind: ClassVar[str]
    in_channels: int | None = None
    num_classes: int | None = None
    has_sizes: bool = False

    def __init__(self, choices: Sequence[float], is_input_choice: Sequence[bool] | None = None):
        self.upper = np.array(choices, dtype=np.float64)
        self.is_input_choice = np.zeros(len(choices), dtype=bool)
        if is_input_choice is not None:
            self.is_input_choice = np.array(is_input_choice, dtype=bool)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Samples `n` vectors uniformly from [0, upper], shape (n, d)."""
        return rng.random((n, len(self.upper))) * self.upper

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """Indices of the choices, integers of the shape of `vectors`, (..., d); the value 0 belongs to bin 0.

        Raises:
            UserError: A vector is outside the box.
        """
        return np.maximum(np.ceil(self.checked(vectors)).astype(np.int64) - 1, 0)

    @abstractmethod
    def decode(self, vector: np.ndarray) -> Architecture:
        """Decodes one vector, shape (d,)."""

    def covering(self) -> Iterator[Architecture]:
        """Architectures that together contain every block of the space's networks; none if they have no blocks."""
        return iter(())

    def sizes(self) -> Iterator[dict[str, Any]]:
        """All sizes of networks that architectures of this space set, as arguments of the family."""
        return iter(())

    def checked(self, vectors: np.ndarray) -> np.ndarray:
        """Checks vectors, and returns them as float64.

        Raises:
            UserError: Their last dimension differs from that of `upper`, or a value is NaN or outside [0, upper].
        """
        vectors = np.asarray(vectors, dtype=np.float64)
        if vectors.shape[-1:] != self.upper.shape:
            raise UserError(f"a vector of shape {vectors.shape} was given to a space of {len(self.upper)} dimensions")
        legal = (vectors >= 0) & (vectors <= self.upper)
        if not legal.all():
            index = tuple(np.argwhere(~legal)[0])
            bound = self.upper[index[-1]]
            raise UserError(
                f"dimension {index[-1]} of a vector is {vectors[index]}; allowed are values from 0 to {bound:g}"
            )
        return vectors
