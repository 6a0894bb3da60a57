"""Cells of NAS-Bench-101."""

import numpy as np
import pytest
from helpers.nasbench101 import MATRIX
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.errors import UserError
from relnas_mm.spaces import NASBench101Space, Space
from relnas_mm.spaces.nasbench101 import MOST_EDGES, MOST_VERTICES, cell_of, parse_cell

pytestmark = pytest.mark.unit

CONV, POOL = "conv3x3-bn-relu", "maxpool3x3"


@pytest.mark.golden
def test_hash_of_a_published_cell():
    cell = cell_of(MATRIX, ["input", CONV, POOL, CONV, CONV, "conv1x1-bn-relu", "output"])
    assert cell.hash == "00005c142e6f48ac74fdcf73e3439874"
    assert cell.canonical().hash == cell.hash
    assert str(cell) == "c3 mp c3 c3 c1:01 04 05 12 23 26 35 45 56"


@given(st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_every_vector_is_a_cell_within_the_limits_and_names_lead_back(seed):
    space = NASBench101Space()
    assert isinstance(space, Space)
    vector = space.sample(np.random.default_rng(seed), 1)[0]
    name = space.decode(vector)
    cell = parse_cell(name)
    assert len(cell.operations) <= MOST_VERTICES
    assert len(cell.edges) <= MOST_EDGES
    assert str(cell) == name == space.decode(space.vector_of(name))


def test_idle_vertices_are_left_out():
    graph = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert str(cell_of(graph, ["input", CONV, POOL, "output"])) == "c3:01 12"


def test_a_full_graph_keeps_its_nine_strongest_edges():
    space = NASBench101Space()
    vector = np.where(space.is_input_choice, 1.5, 0.5)
    vector[:12] = 1.2  # the edges of the first vertices are the weakest
    assert len(parse_cell(space.decode(vector)).edges) <= MOST_EDGES
    assert space.decode(np.full(len(space.upper), 0.5)) == ":01"


@pytest.mark.parametrize(
    ("matrix", "operations", "words"),
    [
        (np.triu(np.ones((8, 8), int), 1), ["input", *[CONV] * 6, "output"], "8 vertices and 28 edges"),
        (np.triu(np.ones((6, 6), int), 1), ["input", *[CONV] * 4, "output"], "6 vertices and 15 edges"),
        (np.zeros((3, 3), int), ["input", CONV, "output"], "disconnected"),
        (np.eye(3, dtype=int), ["input", CONV, "output"], "upper triangular"),
        (np.triu(np.ones((3, 3), int), 1), ["input", "conv5x5", "output"], "conv5x5"),
        (np.triu(np.ones((3, 3), int), 1), ["input", CONV, CONV], "output"),
        (np.ones((2, 3), int), ["input", "output"], "shape"),
    ],
)
def test_bad_cells_are_refused(matrix, operations, words):
    with pytest.raises(UserError, match=words):
        cell_of(matrix, operations, "line 3")


@pytest.mark.parametrize("text", ["", "c3", "c3:0x", "c3:09", "c5:01 12", "c3:01"])
def test_bad_names_are_refused(text):
    with pytest.raises(UserError):
        parse_cell(text)
