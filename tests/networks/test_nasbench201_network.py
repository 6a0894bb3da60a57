"""Networks of NAS-Bench-201: published counts, and what each operation computes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.analysis.macs import count_macs
from relnas_mm.architectures import NASBench201Cell, load_architecture
from relnas_mm.backends import REFERENCE
from relnas_mm.errors import UserError
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.nasbench201 import NB201_OPERATIONS, NB201Cell

pytestmark = pytest.mark.unit
CELLS = st.lists(st.sampled_from(NB201_OPERATIONS), min_size=6, max_size=6).map(NASBench201Cell.of)
BENCHMARK = NetworkShape(init_channels=16, num_cells=15)


@pytest.mark.golden
def test_parameters_of_the_benchmark():
    """1.073 M: four 3x3 convolutions and one 1x1 convolution in each of the fifteen cells (Dong and Yang, 2020)."""
    cell = NASBench201Cell(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
    )
    assert cell.cost(BENCHMARK).params == 1_073_466


@given(CELLS)
@settings(max_examples=20, deadline=None)
def test_costs_are_those_of_the_network(cell):
    shape = NetworkShape(init_channels=4, num_cells=6, num_classes=7, image_size=(20, 9))
    network = cell.build(shape, "reference").eval()
    cost = cell.cost(shape)
    assert cost.params == sum(parameter.numel() for parameter in network.parameters())
    assert cost.macs == count_macs(network, torch.zeros(1, 3, 20, 9)).quoted[""]
    assert network(torch.randn(2, 3, 20, 9)).shape == (2, 7)


def test_a_node_is_the_sum_of_its_edges():
    cell = NB201Cell(
        ["skip_connect", "skip_connect", "avg_pool_3x3", "none", "skip_connect", "skip_connect"], 3, REFERENCE
    )
    x = torch.randn(2, 3, 5, 5)
    pooled = torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    # node 1 is x, node 2 x + pooled, node 3 node 1 + node 2
    torch.testing.assert_close(cell(x), 2 * x + pooled)


def test_a_node_that_nothing_reaches_is_zero():
    cell = NASBench201Cell.of(["none"] * 6)
    network = cell.build(NetworkShape(init_channels=4, num_cells=3), "reference").eval()
    assert torch.equal(network(torch.randn(1, 3, 8, 8)), network(torch.zeros(1, 3, 8, 8)))


def test_drop_path_spares_skip_connections():
    torch.manual_seed(0)
    x = torch.randn(4, 3, 5, 5)
    skips = NB201Cell(["skip_connect"] * 6, 3, REFERENCE).train()
    torch.testing.assert_close(skips(x, 0.9), skips(x, 0.0))
    convs = NB201Cell(["nor_conv_1x1"] * 6, 3, REFERENCE).train()
    assert not torch.equal(convs(x, 0.9), convs(x, 0.0))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"num_cells": 4}, "num_cells is 4; networks of NAS-Bench-201 have as many in each of their 3 stages"),
        ({"stem": "imagenet"}, "stem is 'imagenet'; networks of NAS-Bench-201 have 'cifar' only"),
        ({"output_stride": 16}, "output_stride is 16; networks of NAS-Bench-201 have 32 only"),
        ({"num_cells": 6, "reductions": (1, 3)}, r"reductions is \(1, 3\); networks of NAS-Bench-201 have None only"),
    ],
)
def test_other_networks_are_refused(change, message):
    cell, shape = NASBench201Cell.of(["none"] * 6), NetworkShape(**{"num_cells": 3, **change})
    for use in (cell.build, cell.cost):
        with pytest.raises(UserError, match=message):
            use(shape)


@pytest.mark.parametrize(
    "name", ["|a~0|+|b~0|c~1|+|d~0|e~1|f~2|", "|none~0|+|none~0|none~0|+|none~0|none~1|none~2|", "021"]
)
def test_other_strings_are_refused(name):
    with pytest.raises(UserError, match="is no cell of NAS-Bench-201; it must look like .* operations of none, skip_"):
        _ = NASBench201Cell(name).operations
    with pytest.raises(UserError, match="the architecture mapping: .* is no cell of NAS-Bench-201"):
        load_architecture({"kind": "nasbench201", "name": name})


@given(CELLS)
def test_the_string_and_the_operations_are_inverse(cell):
    assert NASBench201Cell.of(cell.operations) == cell == NASBench201Cell.from_dict(cell.to_dict())
