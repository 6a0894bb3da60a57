"""Encodings of sequential networks: NAS-Bench-Macro and the macro space of TransNAS-Bench-101."""

from ast import literal_eval

import numpy as np

from relnas_mm.errors import UserError
from relnas_mm.spaces.nasbench_macro import BLOCKS, LAYERS
from relnas_mm.spaces.transnasbench101 import DEPTHS, MODULES

BLOCK_PARAMS = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [8416, 27200, 31168, 103552, 103552, 119680, 403712, 403712],
        [21952, 60416, 76672, 219136, 219136, 284416, 831488, 831488],
    ]
)
"""Parameters of a block by block and layer; with `FIXED_PARAMS` they add up to those of every network in the
benchmark."""

BLOCK_FLOPS = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [4415488, 6733824, 4304896, 6512640, 6512640, 4249600, 6402048, 6402048],
        [10141696, 15040512, 9527296, 13811712, 13811712, 9220096, 13197312, 13197312],
    ]
)
FIXED_PARAMS, FIXED_FLOPS = 387882, 7713280
TENSOR_SHAPE = (3, 1, LAYERS)
ALIKE = ((3, 4), (6, 7))
"""Pairs of layers between which an identity can move without changing the network."""


def blocks_of(code: str) -> list[int]:
    """Parses a code such as `02012100`.

    Raises:
        UserError: The code is malformed.
    """
    if len(code) != LAYERS or not set(code) <= set(map(str, range(len(BLOCKS)))):
        raise UserError(
            f"{code!r} is no code of NAS-Bench-Macro; it must be {LAYERS} digits from 0 to {len(BLOCKS) - 1}"
        )
    return [int(digit) for digit in code]


def tensor_macro(code: str) -> np.ndarray:
    """Index, FLOPs and parameters of the block of each layer, shape (3, 1, 8)."""
    blocks = blocks_of(code)
    layers = range(LAYERS)
    return np.stack([blocks, BLOCK_FLOPS[blocks, layers], BLOCK_PARAMS[blocks, layers]])[:, None].astype(float)


def flow_macro(code: str) -> np.ndarray:
    """One-hot blocks of the layers, and `tensor_macro`, shape (48,).

    Identities are moved to the later of two equivalent layers.
    """
    blocks = blocks_of(code)
    for first, second in ALIKE:
        if blocks[first] == 0:
            blocks[first], blocks[second] = blocks[second], 0
    moved = "".join(map(str, blocks))
    return np.concatenate([np.eye(len(BLOCKS))[blocks].reshape(-1), tensor_macro(moved).reshape(-1)])


def parameters_macro(code: str) -> int:
    """Number of parameters of the network."""
    return FIXED_PARAMS + int(BLOCK_PARAMS[blocks_of(code), range(LAYERS)].sum())


def flow_modules(text: str) -> np.ndarray:
    """One-hot module types of an architecture such as `(1, 3, 2, 1)`, 0 beyond its depth, shape (24,)."""
    out = np.zeros((max(DEPTHS), len(MODULES)))
    for index, kind in enumerate(literal_eval(text)):
        out[index, kind - 1] = 1
    return out.reshape(-1)
