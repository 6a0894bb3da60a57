"""Sizes of networks that no memory holds are refused before anything is built."""

import pytest

from relnas_mm.architectures import GENOTYPES, Chain
from relnas_mm.errors import UserError
from relnas_mm.networks.plan import MAX_CELLS, MAX_CHANNELS, plan_cells

pytestmark = pytest.mark.unit
CELLS = GENOTYPES["darts_v2"]


def test_cells_and_channels_have_limits():
    assert len(plan_cells(CELLS, MAX_CHANNELS, 6)) == 6 and len(plan_cells(CELLS, 4, MAX_CELLS)) == MAX_CELLS
    with pytest.raises(UserError, match="init_channels is 1000000000; it must be at most 65536"):
        plan_cells(CELLS, 10**9, 6)
    with pytest.raises(UserError, match="num_cells is 200000; a network has at most 1000 cells"):
        plan_cells(CELLS, 4, 200_000)


def test_chains_have_the_same_limits():
    assert Chain.uniform(MAX_CELLS, MAX_CHANNELS).depth == MAX_CELLS
    with pytest.raises(UserError, match="the width of a chain is 65537; it must be at most 65536"):
        Chain.uniform(3, MAX_CHANNELS + 1)
    with pytest.raises(UserError, match="a chain has 1001 layers; it has at most 1000"):
        Chain.uniform(MAX_CELLS + 1, 4)
