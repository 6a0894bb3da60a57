"""The vectors of RelativeNAS: bounds, edge cases of the reference implementation, whole populations at once."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relnas_mm.errors import UserError
from relnas_mm.spaces import SEARCH_OPERATIONS, CellSpace

pytestmark = pytest.mark.unit
SPACE = CellSpace()
shares = arrays(float, 32, elements=st.floats(0, 1))


def reference_decode(value: float) -> int:
    """The rule in the words of the reference implementation."""
    return int(value) if value != int(value) else int(value - 0.1)


@pytest.mark.golden
def test_upper_bounds_are_those_of_the_release():
    assert SPACE.upper.tolist() == [2, 7, 2, 7, 3, 7, 3, 7, 4, 7, 4, 7, 5, 7, 5, 7] * 2


@pytest.mark.golden
@pytest.mark.parametrize(("value", "bin"), [(0, 0), (1.0, 0), (2.0, 1), (5.0, 4), (7.0, 6), (1.0000001, 1), (6.5, 6)])
def test_edge_cases_of_the_reference(value, bin):
    vector = np.zeros(32)
    vector[13] = value  # an operation dimension, 0 to 7
    assert SPACE.indices(vector)[13] == bin


@given(shares)
def test_decoding_is_the_reference_rule_and_always_legal(share):
    vector = share * SPACE.upper
    assert SPACE.indices(vector).tolist() == [reference_decode(value) for value in vector]
    genotype = SPACE.decode(vector)  # Genotype itself refuses cycles and unknown operations
    assert len(genotype.normal) == len(genotype.reduce) == 8
    assert genotype.concat == (2, 3, 4, 5)


@given(shares)
def test_floor_only_differs_at_whole_numbers(share):
    vector = share * SPACE.upper
    floor = CellSpace("floor").indices(vector)
    assert floor.tolist() == [min(math.floor(v), int(u) - 1) for v, u in zip(vector, SPACE.upper)]
    assert (floor == SPACE.indices(vector))[vector != np.floor(vector)].all()


def test_order_of_the_dimensions():
    vector = np.full(32, 0.5)
    vector[[4, 5]] = 2.5, 3.5  # normal cell, node 3, first input: node 2 by sep_conv_3x3
    vector[[30, 31]] = 5.0, 7.0  # reduction cell, node 5, second input
    genotype = SPACE.decode(vector)
    assert genotype.normal[2] == ("sep_conv_3x3", 2)
    assert genotype.reduce[7] == (SEARCH_OPERATIONS[6], 4)


def test_a_population_decodes_at_once_as_one_by_one():
    population = SPACE.sample(np.random.default_rng(0), 50)
    assert population.shape == (50, 32)
    assert (population >= 0).all() and (population <= SPACE.upper).all()
    assert (SPACE.indices(population) == np.array([SPACE.indices(vector) for vector in population])).all()


@pytest.mark.parametrize("bad", [-0.1, 7.1, np.nan, np.inf])
def test_a_value_outside_is_named(bad):
    vector = np.zeros(32)
    vector[1] = bad
    with pytest.raises(UserError, match=r"dimension 1 of a vector .* 0 to 7"):
        SPACE.decode(vector)


def test_bad_shapes_and_options():
    with pytest.raises(UserError, match="32 dimensions"):
        SPACE.decode(np.zeros(31))
    with pytest.raises(UserError, match="'ceil', 'floor'"):
        CellSpace("round")
