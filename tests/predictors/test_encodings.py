"""Encodings of architectures: golden values, and that cells which are the same are encoded alike."""

import itertools
import json

import numpy as np
import pytest
from helpers.nasbench101 import MATRIX
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.architectures import GENOTYPES, Genotype
from relnas_mm.errors import UserError
from relnas_mm.predictors import ENCODINGS, encoding_for, parameter_counts
from relnas_mm.predictors.encodings.cells import NODES, nodes_of
from relnas_mm.predictors.encodings.nasbench101 import cell_sizes, parameters, tensor, vertex_channels, vertex_costs
from relnas_mm.spaces import (
    CellSpace,
    MacroMicroSpace,
    NASBench101Space,
    NASBench201Space,
    NASBenchMacroSpace,
    TransNASMacroSpace,
    TransNASMicroSpace,
)
from relnas_mm.spaces.nasbench101 import cell_of, parse_cell

pytestmark = pytest.mark.unit

SPACES = (CellSpace, NASBench101Space, NASBench201Space, NASBenchMacroSpace, TransNASMacroSpace, TransNASMicroSpace)
OPS = ["input", "conv3x3-bn-relu", "maxpool3x3", "conv3x3-bn-relu", "conv3x3-bn-relu", "conv1x1-bn-relu", "output"]
FLOPS = {
    0: [0, 92274688, 589824, 75497472, 92274688, 25296896, 0],
    2: [0, 92274688, 589824, 75497472, 92274688, 25296896, 0],
    3: [0, 83886080, 294912, 75497472, 83886080, 16842752, 0],
    5: [0, 92274688, 294912, 75497472, 92274688, 25231360, 0],
    6: [0, 83886080, 147456, 75497472, 83886080, 16809984, 0],
    8: [0, 92274688, 147456, 75497472, 92274688, 25198592, 0],
}
PARAMS = {
    0: [0, 45312, 0, 36992, 45312, 12544, 0],
    3: [0, 164352, 0, 147712, 164352, 33280, 0],
    5: [0, 180736, 0, 147712, 180736, 49664, 0],
    6: [0, 656384, 0, 590336, 656384, 132096, 0],
    8: [0, 721920, 0, 590336, 721920, 197632, 0],
}


@pytest.mark.golden
def test_costs_of_the_published_example_of_nasbench101():
    cell = cell_of(MATRIX, OPS)
    costs = [vertex_costs(cell, *sizes) for sizes in cell_sizes()]
    assert {place: costs[place][0].tolist() for place in FLOPS} == FLOPS
    assert {place: costs[place][1].tolist() for place in PARAMS} == PARAMS
    assert parameters(str(cell)) == 8_555_530


@pytest.mark.golden
def test_the_tensor_of_nasbench101_is_types_flops_and_parameters_at_the_destination():
    planes, graph = tensor(str(cell_of(MATRIX, OPS))), np.array(MATRIX)
    assert planes.shape == (19, 7, 7)
    np.testing.assert_array_equal(planes[0], graph * np.array([1, 3, 4, 3, 3, 2, 5]))
    np.testing.assert_array_equal(planes[1], graph * np.array(FLOPS[0]))
    np.testing.assert_array_equal(planes[18], graph * np.array(PARAMS[8]))


def test_smaller_cells_are_padded_before_the_output():
    planes = tensor("c1:01 02 12")
    assert [(i, j) for i, j in zip(*np.nonzero(planes[0]))] == [(0, 1), (0, 6), (1, 6)]
    assert planes[0][0].tolist() == [0, 2, 0, 0, 0, 0, 5]


@pytest.mark.golden
def test_costs_of_the_published_example_of_nasbench201():
    text = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    (planes,) = ENCODINGS["nasbench201/tensor"]([text])
    assert planes.shape == (31, 4, 4)
    assert planes[0].tolist() == [[0, 4, 2, 2], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    expected = np.repeat([[294912, 288], [278528, 1088], [270336, 4224]], 5, axis=0).reshape(-1)
    np.testing.assert_array_equal(planes[1:, 0, 2], expected)
    np.testing.assert_array_equal(planes[1:, 0, 3], expected)
    assert np.count_nonzero(planes[1:]) == 60


@pytest.mark.golden
def test_channels_are_shared_before_the_output_with_the_remainder_in_order():
    cell = cell_of(np.triu(np.ones((5, 5), int), 1) - np.eye(5, k=4, dtype=int), ["input", *OPS[1:4], "output"])
    assert vertex_channels(cell, 512)[1:-1] == [171, 171, 170]
    assert vertex_channels(parse_cell("c3 c3 c1:01 02 13 23 34"), 128)[1:-1] == [128, 128, 128]


@pytest.mark.data
@pytest.mark.golden
def test_parameters_of_real_cells_of_nasbench101(data_root):
    path = data_root / "tabular" / "combined" / "nasbench101_500.json"
    entries = json.loads(path.read_text())
    cells = [cell_of(entry["matrix"], entry["ops"]) for entry in entries]
    np.testing.assert_allclose(
        parameter_counts("nasbench101", [str(cell) for cell in cells]), [1e6 * e["params_M"] for e in entries], atol=1
    )


@pytest.mark.data
@pytest.mark.golden
def test_costs_of_all_networks_of_nasbench_macro(data_root):
    path = data_root / "tabular" / "NAS-Bench-Macro" / "nas-bench-macro_cifar10.json"
    table = json.loads(path.read_text())
    planes = ENCODINGS["nasbench-macro/tensor"](list(table)).astype(float)
    assert (planes[:, 2].sum(axis=(1, 2)) + 387882).tolist() == [entry["params"] for entry in table.values()]
    assert (planes[:, 1].sum(axis=(1, 2)) + 7713280).tolist() == [entry["flops"] for entry in table.values()]
    flow = ENCODINGS["nasbench-macro/flow"](list(table))
    assert len(np.unique(flow, axis=0)) == 3969  # distinct networks


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.__name__)
def test_every_architecture_of_a_space_has_its_encodings(space):
    part = space()
    architectures = [part.decode(vector) for vector in part.sample(np.random.default_rng(0), 30)]
    found = [e for kind in ("tensor", "flow") for e in ENCODINGS.values() if e == _or_none(part, kind)]
    assert found
    for encoding in found:
        arrays = encoding(architectures)
        assert arrays.shape == (30, *encoding.shape)
        assert np.isfinite(arrays).all()
        assert sum(encoding.views or encoding.shape[:1]) == encoding.shape[0]
        distinct = len(set(architectures))
        assert len(np.unique(arrays.reshape(30, -1), axis=0)) > distinct // 2


def _or_none(space, kind):
    try:
        return encoding_for(space, kind)
    except UserError:
        return None


def test_a_space_without_an_encoding_is_refused():
    with pytest.raises(UserError, match="no encoding 'flow' of MacroMicroSpace"):
        encoding_for(MacroMicroSpace(), "flow")


@st.composite
def cells101(draw):
    seed = draw(st.integers(0, 10**6))
    return NASBench101Space().decode(NASBench101Space().sample(np.random.default_rng(seed), 1)[0])


def upward_orders(cell):
    """All orders of the vertices in which edges lead upward."""
    last = len(cell.operations) - 1
    for middle in itertools.permutations(range(1, last)):
        order = [0, *middle, last]
        if all(order.index(i) < order.index(j) for i, j in cell.edges):
            yield order


@given(cells101(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_isomorphic_cells_of_nasbench101_have_one_name_one_hash_and_one_encoding(name, random):
    cell = parse_cell(name)
    other = cell.permuted(random.choice(list(upward_orders(cell))))
    assert str(other.canonical()) == name
    assert other.hash == cell.hash
    flow = ENCODINGS["nasbench101/flow"]
    np.testing.assert_array_equal(flow.encode(str(other)), flow.encode(name))


def test_names_of_different_cells_differ():
    space = NASBench101Space()
    names = {space.decode(vector) for vector in space.sample(np.random.default_rng(1), 400)}
    assert len({parse_cell(name).hash for name in names}) == len(names)


@given(st.lists(st.integers(0, 4), min_size=6, max_size=6))
@settings(deadline=None)
def test_the_flow_of_nasbench201_ignores_names_of_nodes_and_dead_edges(choices):
    space, flow = NASBench201Space(), ENCODINGS["nasbench201/flow"]

    def encoded(indices):
        return flow.encode(space.decode(np.array(indices) + 0.5))

    a, b, c, d, e, f = choices
    if c == 0:  # nodes 1 and 2 can change places
        np.testing.assert_array_equal(encoded([a, b, 0, d, e, f]), encoded([b, a, 0, d, f, e]))
    np.testing.assert_array_equal(encoded([0, b, c, d, e, f]), encoded([0, b, 0, d, 0, f]))  # nothing comes to node 1
    np.testing.assert_array_equal(encoded([a, 0, 0, d, e, f]), encoded([a, 0, 0, d, e, 0]))  # nor to node 2


@given(st.integers(0, 10**6), st.permutations(range(NODES)), st.booleans())
@settings(max_examples=60, deadline=None)
def test_renumbered_cells_are_encoded_alike(seed, order, swap):
    space = CellSpace()
    genotype = space.decode(space.sample(np.random.default_rng(seed), 1)[0])
    place = {2 + node: 2 + position for position, node in enumerate(order)}
    nodes = [genotype.normal[2 * node : 2 * node + 2] for node in order]
    edges = [(name, place.get(source, source)) for node in nodes for name, source in (reversed(node) if swap else node)]
    if any(source >= 2 + position // 2 for position, (_, source) in enumerate(edges)):
        return  # not an order in which nodes read earlier ones
    other = Genotype(tuple(edges), genotype.reduce, genotype.concat)
    for kind in ("tensor", "flow"):
        encode = encoding_for(space, kind).encode
        np.testing.assert_array_equal(encode(other), encode(genotype))
    assert nodes_of(other, False) == nodes_of(genotype, False)


def test_cells_with_operations_beyond_the_space_are_refused():
    encode = ENCODINGS["cells/tensor"].encode
    assert encode(GENOTYPES["relativenas"]).shape == (18, 6, 6)
    edges = (("sep_conv_7x7", 0), ("skip_connect", 1)) * 4
    with pytest.raises(UserError, match="sep_conv_7x7"):
        encode(Genotype(edges, edges))
