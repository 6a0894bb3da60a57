"""Search spaces: vectors and the architectures that they encode."""

from relnas_mm.spaces.base import Space
from relnas_mm.spaces.cell_space import SEARCH_OPERATIONS, CellSpace
from relnas_mm.spaces.macro_micro import MacroMicroSpace
from relnas_mm.spaces.nasbench101 import NASBench101Space
from relnas_mm.spaces.nasbench201 import NASBench201Space
from relnas_mm.spaces.nasbench_macro import NASBenchMacroSpace
from relnas_mm.spaces.transnasbench101 import TransNASMacroSpace, TransNASMicroSpace

__all__ = [
    "SEARCH_OPERATIONS",
    "CellSpace",
    "MacroMicroSpace",
    "NASBench101Space",
    "NASBench201Space",
    "NASBenchMacroSpace",
    "Space",
    "TransNASMacroSpace",
    "TransNASMicroSpace",
]
