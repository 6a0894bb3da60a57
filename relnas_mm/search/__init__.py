"""The MMEngine side of a search: the loop, its records and its results."""

from relnas_mm.search.darts import DartsLoop
from relnas_mm.search.loop import SearchLoop
from relnas_mm.search.model import SearchModel

__all__ = ["DartsLoop", "SearchLoop", "SearchModel"]
