"""DARTS (Liu et al., ICLR 2019): a search by gradients over a network that holds all operations at once."""

from relnas_mm.search.darts.search import DartsSearch

__all__ = ["DartsSearch"]
