"""Stand-ins for the NumPy names in pickles, for unpicklers of untrusted files.

A pickle that may call `numpy.ndarray` or `numpy.dtype` can make an array of objects out of its own bytes, that is, of
addresses of its choice.  These stand-ins accept only what NumPy itself pickles of numbers, truth values and text of
fixed length, and check kind, shape and length before an array is filled.
"""

import math
import pickle
import pickletools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

HOMES = ("numpy.core.multiarray", "numpy._core.multiarray")  # NumPy 1 and 2 write different names
NUMBERS = frozenset(("b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16"))
"""Kinds and sizes of numbers, as pickles of dtypes name them."""
MAX_DIMENSIONS = 32
MAX_OPCODES = 5_000_000
_TEXT = re.compile(r"[SU][1-9]\d{0,3}")
_ORDERS = ("<", ">", "=", "|")
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")


class Dtype:
    """Stands for `numpy.dtype`.

    Args:
        text: Kind and size, such as 'u1'.
        *_: Flags of alignment and copying, which have no effect on these kinds.

    Attributes:
        value: The dtype.
    """

    def __init__(self, text: Any, *_: Any):
        self._text = _native(text)
        if not isinstance(self._text, str) or not (self._text in NUMBERS or _TEXT.fullmatch(self._text)):
            raise pickle.UnpicklingError("it asks for an array of another kind than numbers or text")
        self.value = np.dtype(self._text)

    def __setstate__(self, state: Any) -> None:
        """Sets the byte order; all other parts of the state are determined by the text."""
        order = _native(state[1]) if isinstance(state, tuple) and len(state) == 8 and state[0] == 3 else None
        if order not in _ORDERS or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("it describes an array of structures or of an unknown byte order")
        self.value = np.dtype(self._text).newbyteorder(order)

    def __reduce__(self) -> Any:
        return self.value.__reduce__()


class Array(np.ndarray):
    """Stands for `numpy.ndarray`: empty when `reconstruct` makes it, filled once by its pickled state."""

    _filled = False

    def __new__(cls, *_: Any, **__: Any) -> "Array":
        raise pickle.UnpicklingError("it calls numpy.ndarray, which pickles of arrays never do")

    def __setstate__(self, state: Any) -> None:  # type: ignore[override]
        """Fills the array."""
        if self._filled or not isinstance(state, tuple) or len(state) != 5 or state[0] != 1:
            raise pickle.UnpicklingError("it holds an array in an unknown layout")
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, Dtype) or not isinstance(data, bytes):
            raise pickle.UnpicklingError("it holds an array of anything but bytes of numbers or text")
        if not isinstance(shape, tuple) or len(shape) > MAX_DIMENSIONS or not all(map(_is_length, shape)):
            raise pickle.UnpicklingError("it holds an array of no valid shape")
        if math.prod(shape) * dtype.value.itemsize != len(data):
            raise pickle.UnpicklingError(f"it holds an array of {len(data)} bytes, but of another size by its shape")
        # NumPy may keep the bytes that it is given, which the pickle may use again: it gets its own
        state = (1, shape, dtype.value, bool(fortran), bytes(bytearray(data)))
        super().__setstate__(state)  # type: ignore[arg-type]
        self._filled = True

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickles as a plain array, so that files written from it do not name this class."""
        return self.view(np.ndarray).__reduce_ex__(protocol)


class Function:
    """A function that a pickle may call, but not change.

    Args:
        function: The function.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it changes a function")


def _make_array(kind: Any, shape: Any, code: Any) -> Array:
    if kind is not Array or type(shape) is not tuple or shape != (0,) or code not in (b"b", "b"):
        raise pickle.UnpicklingError("it begins an array as no pickle of NumPy does")
    return np.ndarray.__new__(Array, (0,), np.int8)


def _make_scalar(dtype: Any, data: Any) -> Any:
    if not isinstance(dtype, Dtype) or not isinstance(data, bytes) or len(data) != dtype.value.itemsize:
        raise pickle.UnpicklingError("it holds a NumPy scalar of no known layout")
    return np.frombuffer(data, dtype.value)[0]


RECONSTRUCT, SCALAR = Function(_make_array), Function(_make_scalar)
"""Stand for `_reconstruct` and `scalar` of NumPy's multiarray module."""


def check_opcodes(content: bytes) -> None:
    """Checks a pickle before it is loaded: its lengths are those of the content, and its memo needs no more memory.

    Args:
        content: The pickle.

    Raises:
        ValueError: It is cut off, too long, or numbers an object of its memo higher than it can have objects.
    """
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content), 1):
        if count > MAX_OPCODES:
            raise ValueError(f"it has more than {MAX_OPCODES} operations")
        if opcode.name in _PUTS and not 0 <= int(argument) <= count:  # type: ignore[arg-type]
            raise ValueError(f"it numbers an object {argument} after {count} operations")


def _is_length(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 31


def _native(text: Any) -> Any:
    """Text that Python 2 pickled as bytes, as a string."""
    return text.decode("latin1") if isinstance(text, bytes) else text
