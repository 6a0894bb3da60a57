"""Counting what data meet on their way through a cell: the words that operations spell along its paths."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

Word = tuple[str, ...]


class Vocabulary:
    """All words up to a length; each is a feature.

    Args:
        letters: Operations that change what passes.
        longest: Longest word.
    """

    def __init__(self, letters: Sequence[str], longest: int):
        words = itertools.chain.from_iterable(itertools.product(letters, repeat=size) for size in range(longest + 1))
        self.longest = longest
        self.places: Mapping[Word, int] = {word: place for place, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self.places)

    def counts(self, words: Iterable[Word]) -> np.ndarray:
        """How often each word occurs, shape (len(self),); of longer ones only the end counts."""
        out = np.zeros(len(self))
        for word in words:
            out[self.places[word[max(len(word) - self.longest, 0) :]]] += 1
        return out


def paths(edges: Mapping[int, Sequence[tuple[str | None, int]]], start: int, end: int) -> Iterator[Word]:
    """The words along all paths between two nodes.

    Args:
        edges: For each node what it reads: a letter, or `None` for a connection that changes nothing, and a node.
        start: First node.
        end: Last node.
    """
    if start == end:
        yield ()
        return
    for letter, node in edges.get(end, ()):
        for word in paths(edges, start, node):
            yield word if letter is None else (*word, letter)
