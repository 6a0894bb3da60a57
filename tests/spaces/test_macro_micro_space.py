"""The space of whole networks: vectors, bounds, budgets."""

import numpy as np
import pytest

from relnas_mm.architectures import Chain
from relnas_mm.errors import UserError
from relnas_mm.spaces import MacroMicroSpace, Space

pytestmark = pytest.mark.unit


def test_vectors_stand_for_networks():
    space = MacroMicroSpace(min_depth=3, max_depth=6, min_width=4, max_width=9, kernels=(3, 5, 7))
    assert isinstance(space, Space)
    vectors = space.sample(np.random.default_rng(0), 300)
    assert ((vectors >= 0) & (vectors <= space.upper)).all()
    networks = [space.decode(vector) for vector in vectors]
    assert {network.depth for network in networks} == {3, 4, 5, 6}
    assert {network.width for network in networks} == set(range(4, 10))
    assert {layer for network in networks for layer in network.layers} == {
        (operation, kernel) for operation in ("sep_conv", "conv") for kernel in (3, 5, 7)
    }
    for network in networks:
        assert space.decode(space.encode(network)) == network


def test_networks_elsewhere_are_refused():
    space = MacroMicroSpace(min_depth=3, max_depth=6, max_width=16)
    for chain in (
        Chain.uniform(7, 16),
        Chain.uniform(6, 17),
        Chain(16, (("conv", 7),) * 3),
        Chain.uniform(3, 16, skip=True),
    ):
        with pytest.raises(UserError, match="is not in a space of 3 to 6 layers, 16 wide"):
            space.encode(chain)


@pytest.mark.parametrize(
    "bounds, message",
    [
        (dict(min_depth=11, max_depth=10), "depths of MacroMicroSpace go from 11 to 10"),
        (dict(min_depth=2), "depths of MacroMicroSpace go from 2 to 100; required: 3"),
        (dict(min_width=65), "widths of MacroMicroSpace go from 65 to 64"),
        (dict(kernels=()), "kernels of MacroMicroSpace is \\(\\)"),
        (dict(kernels=(4,)), "kernels of MacroMicroSpace is \\(4,\\)"),
        (dict(max_params=20_000), "no network meets max_params 20000.*has 23,610 parameters"),
    ],
)
def test_bounds_that_exclude_each_other(bounds, message):
    with pytest.raises(UserError, match=message):
        MacroMicroSpace(**bounds)
