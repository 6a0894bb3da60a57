"""What a search space is to a strategy: a box of vectors, and what each vector stands for."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError


class Space(ABC):
    """A box whose bins (k, k + 1] are the choices of each dimension; subclasses say what the choices stand for.

    Args:
        choices: How many choices each dimension has, shape (d,).
        is_input_choice: Which dimensions choose the node that is read; the others choose operations.  By default none.

    Attributes:
        kind: Family of the architectures (`Architecture.kind`).
        upper: Upper bound of each dimension, shape (d,), itself legal; the lower ones are 0.
        is_input_choice: Bool, shape (d,).
        in_channels: Channels of the images, where architectures depend on them; else `None`.
        num_classes: Classes, likewise.
    """

    kind: ClassVar[str]
    in_channels: int | None = None
    num_classes: int | None = None

    def __init__(self, choices: Sequence[float], is_input_choice: Sequence[bool] | None = None):
        self.upper = np.array(choices, dtype=np.float64)
        self.is_input_choice = np.zeros(len(choices), dtype=bool)
        if is_input_choice is not None:
            self.is_input_choice = np.array(is_input_choice, dtype=bool)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """`n` vectors, uniform on [0, upper], shape (n, d)."""
        return rng.random((n, len(self.upper))) * self.upper

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """Choices by number, integers of the shape of `vectors`, (..., d); 0 itself belongs to bin 0.

        Raises:
            UserError: A vector is outside the box.
        """
        return np.maximum(np.ceil(self.checked(vectors)).astype(np.int64) - 1, 0)

    @abstractmethod
    def decode(self, vector: np.ndarray) -> Architecture:
        """The architecture of one vector, shape (d,)."""

    def checked(self, vectors: np.ndarray) -> np.ndarray:
        """The vectors as floats.

        Raises:
            UserError: Their last dimension is not that of `upper`, or a value lies outside [0, upper] or is no number.
        """
        vectors = np.asarray(vectors, dtype=np.float64)
        if vectors.shape[-1:] != self.upper.shape:
            raise UserError(f"a vector of shape {vectors.shape} was given to a space of {len(self.upper)} dimensions")
        legal = (vectors >= 0) & (vectors <= self.upper)
        if not legal.all():
            place = tuple(np.argwhere(~legal)[0])
            bound = self.upper[place[-1]]
            raise UserError(
                f"dimension {place[-1]} of a vector is {vectors[place]}; allowed are values from 0 to {bound:g}"
            )
        return vectors
