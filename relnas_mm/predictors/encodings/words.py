"""Path encodings (White et al., AAAI 2021): counts of the operation sequences, or words, along paths of a cell."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

Word = tuple[str, ...]


class Vocabulary:
    """All words up to a length, each of which is a feature.

    Args:
        letters: Operations.
        longest: Length of the longest words.
    """

    def __init__(self, letters: Sequence[str], longest: int):
        words = itertools.chain.from_iterable(itertools.product(letters, repeat=size) for size in range(longest + 1))
        self.longest = longest
        self.indices: Mapping[Word, int] = {word: index for index, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self.indices)

    def counts(self, words: Iterable[Word]) -> np.ndarray:
        """Counts words, shape (len(self),); longer ones are truncated to their end."""
        out = np.zeros(len(self))
        for word in words:
            out[self.indices[word[max(len(word) - self.longest, 0) :]]] += 1
        return out


def paths(edges: Mapping[int, Sequence[tuple[str | None, int]]], start: int, end: int) -> Iterator[Word]:
    """Yields the words along all paths between two nodes.

    Args:
        edges: Inputs of each node: pairs of an operation, or `None` for a skip connection, and a node.
        start: First node.
        end: Last node.
    """
    if start == end:
        yield ()
        return
    for letter, node in edges.get(end, ()):
        for word in paths(edges, start, node):
            yield word if letter is None else (*word, letter)
