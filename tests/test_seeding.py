import pytest
import torch

from relnas_mm.seeding import numpy_stream, stream_seed, torch_stream

pytestmark = pytest.mark.unit


def test_every_part_of_the_address_counts():
    base = (3, "pairs", 1, 2)
    others = [(4, "pairs", 1, 2), (3, "learning", 1, 2), (3, "pairs", 2, 2), (3, "pairs", 1, 3), (3, "pairs", 12, 0)]
    seeds = {stream_seed(*address) for address in [base, *others]}
    assert len(seeds) == 6 and all(0 <= seed < 2**63 for seed in seeds)


def test_streams_are_pinned():
    """A change here would break the resumption of every saved search."""
    assert stream_seed(0, "pairs") == 4740281989773127959
    assert numpy_stream(0, "pairs").permutation(6).tolist() == [3, 1, 4, 0, 5, 2]
    assert torch.randperm(6, generator=torch_stream(0, "pairs")).tolist() == [4, 3, 0, 1, 5, 2]
