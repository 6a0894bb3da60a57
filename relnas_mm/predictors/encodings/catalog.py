"""The encodings of each search space."""

import numpy as np

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.predictors.encodings import cells, chains, edge_cells, nasbench101
from relnas_mm.predictors.encodings.encoding import Encoding
from relnas_mm.spaces import (
    CellSpace,
    NASBench201Space,
    NASBenchMacroSpace,
    Space,
    TransNASMacroSpace,
    TransNASMicroSpace,
)
from relnas_mm.spaces.nasbench101 import NASBench101Space

KINDS = ("tensor", "flow")
"""ReNAS' tensor of operation types, FLOPs and parameters, and our path encoding."""

ENCODINGS = {
    encoding.name: encoding
    for encoding in (
        Encoding("nasbench101/tensor", nasbench101.TENSOR_SHAPE, nasbench101.tensor),
        Encoding("nasbench101/flow", (len(nasbench101.VOCABULARY),), nasbench101.words),
        Encoding("nasbench201/tensor", edge_cells.TENSOR_SHAPE, edge_cells.tensor_201),
        Encoding("nasbench201/flow", (70,), edge_cells.flow_201, views=(40, 30)),
        Encoding("transnas-micro/flow", (39,), edge_cells.flow_micro, views=(15, 24)),
        Encoding("nasbench-macro/tensor", chains.TENSOR_SHAPE, chains.tensor_macro),
        Encoding("nasbench-macro/flow", (48,), chains.flow_macro, views=(24, 24)),
        Encoding("transnas-macro/flow", (24,), chains.flow_modules),
        Encoding("cells/tensor", cells.TENSOR_SHAPE, cells.tensor_cells),
        Encoding("cells/flow", (sum(cells.VIEW_SIZES),), cells.flow_cells, views=cells.VIEW_SIZES),
    )
}
"""All encodings by name."""

PARAMETERS = {
    "nasbench101": nasbench101.parameters,
    "nasbench201": edge_cells.parameters_201,
    "nasbench-macro": chains.parameters_macro,
    "cells": cells.parameters_cells,
}
"""Functions that count the parameters of a network, or of its cells, by search space."""

_SPACES: dict[type, str] = {
    NASBench101Space: "nasbench101",
    NASBench201Space: "nasbench201",
    TransNASMicroSpace: "transnas-micro",
    NASBenchMacroSpace: "nasbench-macro",
    TransNASMacroSpace: "transnas-macro",
    CellSpace: "cells",
}


def encoding_for(space: Space, kind: str) -> Encoding:
    """Looks up the encoding of a search space.

    Args:
        space: The search space.
        kind: One of `KINDS`.

    Raises:
        UserError: The space has no encoding of this kind.
    """
    if space.has_sizes:
        raise UserError(
            f"{type(space).__name__} searches the size of networks, which no encoding of a predictor knows; leave out "
            "init_channels, num_cells and reductions of the space, or use another strategy"
        )
    name = next((name for known, name in _SPACES.items() if isinstance(space, known)), type(space).__name__)
    if (encoding := ENCODINGS.get(f"{name}/{kind}")) is None:
        raise UserError(f"there is no encoding {kind!r} of {type(space).__name__}; known are {', '.join(ENCODINGS)}")
    return encoding


def parameter_counts(space_name: str, architectures: list[Architecture]) -> np.ndarray:
    """Numbers of parameters, shape (n,): the simplest baseline of a ranking."""
    return np.array([PARAMETERS[space_name](architecture) for architecture in architectures], dtype=float)
