"""Encodings of chains of layers: NAS-Bench-Macro and the macro space of TransNAS-Bench-101."""

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
"""Parameters that a block adds to a network with the identity in its place, by block and layer: in the benchmark, the
parameters of every network are the sum of these and of `FIXED_PARAMS`."""

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
"""Layers between which an identity can move without a change of the network."""


def blocks_of(code: str) -> list[int]:
    """The blocks of a code such as `02012100`.

    Raises:
        UserError: It is no such code.
    """
    if len(code) != LAYERS or not set(code) <= set(map(str, range(len(BLOCKS)))):
        raise UserError(
            f"{code!r} is no code of NAS-Bench-Macro; it must be {LAYERS} digits from 0 to {len(BLOCKS) - 1}"
        )
    return [int(digit) for digit in code]


def tensor_macro(code: str) -> np.ndarray:
    """Number, FLOPs and parameters of the block of each layer, shape (3, 1, 8)."""
    blocks = blocks_of(code)
    layers = range(LAYERS)
    return np.stack([blocks, BLOCK_FLOPS[blocks, layers], BLOCK_PARAMS[blocks, layers]])[:, None].astype(float)


def flow_macro(code: str) -> np.ndarray:
    """Two views of a network: the block of each layer, one-hot, and `tensor_macro`, shape (48,).

    Identities are moved back where that changes nothing.
    """
    blocks = blocks_of(code)
    for first, second in ALIKE:
        if blocks[first] == 0:
            blocks[first], blocks[second] = blocks[second], 0
    moved = "".join(map(str, blocks))
    return np.concatenate([np.eye(len(BLOCKS))[blocks].reshape(-1), tensor_macro(moved).reshape(-1)])


def parameters_macro(code: str) -> int:
    """Parameters of the whole network."""
    return FIXED_PARAMS + int(BLOCK_PARAMS[blocks_of(code), range(LAYERS)].sum())


def flow_modules(text: str) -> np.ndarray:
    """The kind of each module of a chain such as `(1, 3, 2, 1)`, one-hot and 0 beyond its depth, shape (24,)."""
    out = np.zeros((max(DEPTHS), len(MODULES)))
    for place, kind in enumerate(literal_eval(text)):
        out[place, kind - 1] = 1
    return out.reshape(-1)
