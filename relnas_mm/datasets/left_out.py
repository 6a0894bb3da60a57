"""What data sets leave out, for logs and tables."""

from collections import Counter


def in_words(counts: Counter[str]) -> str:
    """Number and reason of what is left out, the most frequent first."""
    return ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
