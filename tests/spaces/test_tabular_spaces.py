"""The spaces of the tabular benchmarks stand for the architectures of their tables, all of them and no others."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relnas_mm.evaluators.tabular.tables import read_columns
from relnas_mm.spaces import (
    CellSpace,
    NASBench201Space,
    NASBenchMacroSpace,
    Space,
    TransNASMacroSpace,
    TransNASMicroSpace,
)

SPACES = [CellSpace(), NASBench201Space(), NASBenchMacroSpace(), TransNASMicroSpace(), TransNASMacroSpace()]


def everything(space):
    """The architecture of every combination of choices."""
    return [space.decode(np.array(choice) + 0.5) for choice in itertools.product(*(range(int(n)) for n in space.upper))]


@pytest.mark.unit
@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_each_is_a_space_of_choices(space):
    assert isinstance(space, Space)
    assert space.is_input_choice.shape == space.upper.shape and space.is_input_choice.dtype == bool
    vectors = space.sample(np.random.default_rng(0), 200)
    assert (space.indices(vectors).max(axis=0) == space.upper - 1).all()  # the bounds count the choices
    assert space.indices(space.upper).tolist() == (space.upper - 1).tolist()


@pytest.mark.unit
def test_codes():
    assert NASBenchMacroSpace().decode(np.array([0, 1.5, 2.5, 3.0, 1.0, 0.5, 2.0, 2.1])) == "01220012"
    assert TransNASMicroSpace().decode(np.array([0, 1.5, 2.5, 4.0, 3.5, 0.5])) == "(0, 1, 2, 3, 3, 0)"
    assert TransNASMacroSpace().decode(np.array([0.5, 0.5, 2.5, 1.5, 3.5, 0.5, 0.5])) == "(1, 3, 2, 4)"
    assert TransNASMacroSpace().decode(np.array([1.5, 0.5, 0.5, 0.5, 0.5, 0.5, 3.5])) == "(4, 1, 1, 1, 1)"
    assert TransNASMacroSpace().decode(np.full(7, 4.0) - [1, 0, 0, 0, 0, 0, 0]) == "(4, 4, 4, 3, 1, 1)"


@pytest.mark.unit
@given(arrays(float, 7, elements=st.floats(0, 1)))
def test_macro_networks_keep_their_limits(share):
    space = TransNASMacroSpace()
    codes = json.loads(space.decode(share * space.upper).replace("(", "[").replace(")", "]"))
    assert 4 <= len(codes) <= 6
    assert 1 <= sum(code in (2, 4) for code in codes) <= 3
    assert 1 <= sum(code in (3, 4) for code in codes) <= 4


@pytest.mark.data
@pytest.mark.golden
@pytest.mark.parametrize(
    ("space", "table", "column", "key", "networks"),
    [
        (NASBenchMacroSpace(), "NAS-Bench-Macro/nas-bench-macro_cifar10.json", "mean_acc", "", 6561),
        (TransNASMicroSpace(), "combined/transnasbench101_micro_val.csv", "jigsaw", "arch", 4096),
        (TransNASMacroSpace(), "combined/transnasbench101_macro_val.csv", "jigsaw", "arch", 3256),
    ],
    ids=["macro", "trans-micro", "trans-macro"],
)
def test_a_space_is_its_table(space, table, column, key, networks, data_root):
    rows = read_columns(data_root / "tabular" / table, (column,), key)
    assert set(everything(space)) == set(rows) and len(rows) == networks
