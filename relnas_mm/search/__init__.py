"""Searches: `SearchRun` as a library, and what it keeps; `mm_loop` adapts it to MMEngine's Runner."""

from relnas_mm.search.budget import Budget
from relnas_mm.search.run import SearchRun
from relnas_mm.search.store import RunStore

__all__ = ["Budget", "RunStore", "SearchRun"]
