"""What a search space is to a strategy: a box of vectors, and what each vector stands for."""

from typing import Protocol, TypeVar, runtime_checkable

import numpy as np

from relnas_mm.errors import UserError

A = TypeVar("A", covariant=True)


@runtime_checkable
class Space(Protocol[A]):
    """Vectors between 0 and `upper`, each of which stands for an architecture.

    Attributes:
        upper: Upper bound of each dimension, shape (d,), itself legal: the number of its choices, since the bin
            (k, k + 1] is one of them.
        edges: Which dimensions choose the node that is read, bool of shape (d,); the others choose operations.
    """

    upper: np.ndarray
    edges: np.ndarray

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """`n` vectors drawn uniformly from the box, shape (n, d)."""
        ...

    def indices(self, vectors: np.ndarray) -> np.ndarray:
        """The discrete choice in each dimension, integers of the shape of `vectors`, (..., d)."""
        ...

    def decode(self, vector: np.ndarray) -> A:
        """The architecture of one vector, shape (d,)."""
        ...


def uniform_sample(upper: np.ndarray, rng: np.random.Generator, n: int) -> np.ndarray:
    """`n` vectors, uniform on [0, upper], shape (n, d)."""
    return rng.random((n, len(upper))) * upper


def checked_vectors(vectors: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The vectors as floats.

    Raises:
        UserError: Their last dimension is not that of `upper`, or a value lies outside [0, upper] or is no number.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.shape[-1:] != upper.shape:
        raise UserError(f"a vector of shape {vectors.shape} was given to a space of {len(upper)} dimensions")
    legal = (vectors >= 0) & (vectors <= upper)
    if not legal.all():
        place = tuple(np.argwhere(~legal)[0])
        bound = upper[place[-1]]
        raise UserError(
            f"dimension {place[-1]} of a vector is {vectors[place]}; allowed are values from 0 to {bound:g}"
        )
    return vectors


def half_open_bins(vectors: np.ndarray) -> np.ndarray:
    """The number k of the bin (k, k + 1] that holds each value; 0 itself belongs to bin 0 (released code)."""
    return np.maximum(np.ceil(vectors).astype(np.int64) - 1, 0)
