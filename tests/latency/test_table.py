"""Tables of blocks: the sum that predicts, the file, and what is refused."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.architectures import CHAINS, GENOTYPES, Genotype
from relnas_mm.errors import UserError
from relnas_mm.latency import LatencyTable, load_latency_table
from relnas_mm.latency.plan import Measurement, fit_table, plan_measurement
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.blocks import Block, network_blocks
from relnas_mm.networks.sampling import Sampling
from relnas_mm.search.budget import Budget
from relnas_mm.spaces import CellSpace, NASBench201Space

pytestmark = pytest.mark.unit
SHAPE = NetworkShape(4, 5, 3, image_size=(20, 12))
SIZED = {"init_channels": [4, 6], "num_cells": [4, 6], "reductions": True}


def priced(space=None, shape=SHAPE, runtime="torch") -> LatencyTable:
    """A table in which the n-th block takes n ms."""
    plan = plan_measurement(space or CellSpace(), shape)
    blocks = {block: float(number) for number, block in enumerate(plan.blocks, start=1)}
    return LatencyTable(runtime, "a device", 1, blocks, overhead=0.5, scale=2.0)


def test_a_prediction_is_the_scaled_sum_of_the_blocks():
    table = priced()
    counted = network_blocks(GENOTYPES["relativenas"], SHAPE)
    expected = 0.5 + 2.0 * sum(table.blocks[block] * number for block, number in counted.items())
    assert math.isclose(table.predict(GENOTYPES["relativenas"], SHAPE), expected)


def test_an_exported_network_lacks_what_nothing_reads():
    """RelativeNAS' reduction cells never read node 0: torch computes its preprocessing, an exported graph does not."""
    cells = GENOTYPES["relativenas"]
    unused = network_blocks(cells, SHAPE) - network_blocks(cells, SHAPE, unused=False)
    assert {block.name for block in unused} == {"conv_1x1", "relu"} or {block.name for block in unused} == {"conv_1x1"}
    assert priced(runtime="onnxruntime").predict(cells, SHAPE) < priced().predict(cells, SHAPE)


@pytest.mark.parametrize("options", [{}, SIZED], ids=["cells", "sizes"])
@pytest.mark.parametrize("stem", ["cifar", "imagenet"])
def test_the_plan_covers_every_network_of_the_space(options, stem):
    space, shape = CellSpace(**options), NetworkShape(4, 5, 3, stem=stem, image_size=40)
    known = set(plan_measurement(space, shape).blocks)
    for vector in space.sample(np.random.default_rng(0), 200):
        assert set(space.decode(vector).blocks(shape)) <= known


@given(st.permutations(range(8)))
@settings(max_examples=20, deadline=None)
def test_predictions_do_not_depend_on_the_order_of_the_table(order):
    table = priced()
    entries = list(table.blocks.items())
    shuffled = dict(entries[index] for index in [*order, *range(8, len(entries))])
    other = LatencyTable("torch", "a device", 1, shuffled, 0.5, 2.0)
    assert other.predict(GENOTYPES["darts_v2"], SHAPE) == table.predict(GENOTYPES["darts_v2"], SHAPE)


def test_the_file_gives_the_table_back(tmp_path):
    table = priced(CellSpace(**SIZED))
    table.save(tmp_path / "table.json")
    assert load_latency_table(tmp_path / "table.json") == table


def test_a_network_of_another_size_is_refused():
    with pytest.raises(UserError, match=r"torch on a device, 1 thread\) lacks \d+ of the \d+ kinds of blocks"):
        priced().predict(GENOTYPES["relativenas"], NetworkShape(6, 5, 3, image_size=20))


def test_kinds_without_blocks_are_refused():
    with pytest.raises(UserError, match="can be measured, but not predicted"):
        priced().predict(CHAINS["macro_micro_cifar10_t"], SHAPE)
    with pytest.raises(UserError, match="the latency of architectures of kind 'nasbench201' cannot be predicted"):
        plan_measurement(NASBench201Space(), SHAPE)


def test_an_exported_network_lacks_cells_that_nothing_reads():
    """Cells that read only the cell before the last one: every second cell is dead, and half of the stem."""
    edges = (("sep_conv_3x3", 0), ("max_pool_3x3", 0)) * 4
    cells, shape = Genotype(edges, edges), NetworkShape(4, 6, 3, stem="imagenet", image_size=64)
    exported = network_blocks(cells, shape, unused=False)
    assert sum(number for block, number in exported.items() if block.name == "concat") == 3
    assert {block.name for block in exported if "stem" in block.name} == {"imagenet_stem0", "imagenet_stem1"}
    odd = network_blocks(cells, NetworkShape(4, 5, 3, stem="imagenet", image_size=64), unused=False)
    assert {block.name for block in odd if "stem" in block.name} == {"imagenet_stem0"}


def damaged(path, value):
    """The document of a table with one value replaced."""
    document = json.loads(json.dumps(priced().to_dict()))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema_version",), 2, "schema_version 2"),
        (("runtime",), "tensorrt", "runtime 'tensorrt'; known are torch, onnxruntime, openvino"),
        (("threads",), 0, "threads 0"),
        (("threads",), True, "threads True"),
        (("scale",), float("nan"), "NaN"),
        (("overhead",), -1.0, "overhead is -1.0"),
        (("blocks",), {}, "of type list"),
        (("blocks", 0), 3, r"blocks\[0\] is 3"),
        (("blocks", 0, "ms"), "1", r"blocks\[0\]: ms is '1'"),
        (("blocks", 0, "ms"), -0.1, "a number from 0 on"),
        (("blocks", 0, "size"), [4], "height and width"),
        (("blocks", 0, "stride"), 0, "stride is 0"),
        (("blocks", 0, "inputs"), 1.5, "inputs is 1.5"),
        (("extra",), 1, "no latency table"),
    ],
)
def test_damaged_files_are_refused(tmp_path, path, value, message):
    file = tmp_path / "table.json"
    file.write_text(json.dumps(damaged(path, value)))
    with pytest.raises(UserError, match=message):
        load_latency_table(file)


def test_a_block_that_is_there_twice_is_refused(tmp_path):
    document = priced().to_dict()
    document["blocks"].append(document["blocks"][0])
    (tmp_path / "table.json").write_text(json.dumps(document))
    with pytest.raises(UserError, match="which an earlier one is, too"):
        load_latency_table(tmp_path / "table.json")


def test_a_budget_predicts_by_the_table_and_notices_another_one(tmp_path):
    path, network = tmp_path / "table.json", dict(init_channels=4, num_cells=5, num_classes=3, image_size=[20, 12])
    priced().save(path)
    budget = Budget(network, latency_table=path)
    costs = budget.costs(GENOTYPES["relativenas"])
    assert costs["latency"] == priced().predict(GENOTYPES["relativenas"], SHAPE)
    assert Budget(network, latency_table=path, max_latency=costs["latency"]).allows(GENOTYPES["relativenas"])
    assert not Budget(network, latency_table=path, max_latency=costs["latency"] - 0.1).allows(GENOTYPES["relativenas"])
    with pytest.raises(UserError, match="has changed since the search began: its SHA-256 is"):
        Budget(network, latency_table=path, latency_table_sha256="0" * 64)


def test_the_scale_is_that_of_measured_networks():
    plan = plan_measurement(CellSpace(), SHAPE, check=5)
    ones = LatencyTable("torch", "a device", 1, dict.fromkeys(plan.blocks, 1.0))
    networks = [0.25 + 1.5 * ones.predict(architecture, SHAPE) for architecture in plan.networks]
    table = fit_table(plan, Measurement([1.0] * len(plan.blocks), networks, 0.25), "torch", "a device", 1, {})
    assert table.scale == pytest.approx(1.5)
    assert table.check["networks"] == 5 and table.check["rank_correlation"] == pytest.approx(1.0)
    assert table.check["mean_error"] == pytest.approx(0.0, abs=1e-12)


def test_blocks_in_words():
    assert str(Block("relu", 4, 4, (20, 12))) == "relu 4->4 at 20x12"
    dilated = Block("sep_conv_3x3", 4, 4, (20, 12), Sampling(2, 2, True))
    assert str(dilated) == "sep_conv_3x3 4->4 at 20x12, dilated instead of strided, dilation 2"


@pytest.mark.parametrize("stem, size", list(itertools.product(("cifar", "imagenet"), (24, (33, 18)))))
def test_the_blocks_of_a_network_compute_shapes_that_fit(stem, size):
    """Each block runs, and its output has the channels that the plan says."""
    import torch

    from relnas_mm.networks.blocks import example_inputs

    shape = NetworkShape(4, 5, 3, stem=stem, image_size=size)
    for block in plan_measurement(CellSpace(), shape).blocks:
        with torch.inference_mode():
            output = block.build().eval()(*example_inputs(block))
        assert output.shape[1] == block.out_channels, block
