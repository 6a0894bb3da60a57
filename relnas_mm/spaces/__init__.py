"""Search spaces: vectors and the architectures that they stand for."""

from relnas_mm.spaces.cell_space import SEARCH_OPERATIONS, CellSpace
from relnas_mm.spaces.nasbench201 import NASBench201Space
from relnas_mm.spaces.space import Space

__all__ = ["SEARCH_OPERATIONS", "CellSpace", "NASBench201Space", "Space"]
