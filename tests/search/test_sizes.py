"""Channels, depth and reductions as part of the search."""

import numpy as np
import pytest
import torch
from helpers.datasets import write_cifar10
from helpers.processes import in_child
from helpers.searches import SPACE, alone, evaluator_config, make_search, outcome, together

from relnas_mm.architectures import GENOTYPES, Genotype, load_genotype
from relnas_mm.errors import UserError
from relnas_mm.models import CellBackbone
from relnas_mm.networks import NetworkShape
from relnas_mm.predictors.encodings.catalog import encoding_for
from relnas_mm.search.inherited import inherit
from relnas_mm.spaces import CellSpace

SIZED = {**SPACE, "init_channels": [2, 4], "num_cells": [3, 5], "reductions": True}
pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    return evaluator_config(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))


def cells(**size):
    published = GENOTYPES["relativenas"]
    return Genotype(published.normal, published.reduce, published.concat, published.reduce_concat, **size)


def test_sizes_survive_the_file_and_change_the_hash(tmp_path):
    found = cells(init_channels=6, num_cells=5, reductions=(1, 4))
    assert load_genotype(found.save_to(tmp_path)) == found
    assert found.hash != GENOTYPES["relativenas"].hash
    assert load_genotype(str(found)) == found  # as it is printed


def test_sizes_decide_the_network():
    found, shape = cells(init_channels=6, num_cells=5, reductions=(1, 4)), NetworkShape(36, 20)
    network = found.build(shape)
    assert [plan.reduction for plan in network.plans] == [False, True, False, False, True]
    assert network.plans[0].channels == 6
    assert found.cost(shape).params == sum(parameter.numel() for parameter in network.parameters())


def test_a_backbone_takes_the_size_of_the_genotype():
    found = cells(init_channels=6, num_cells=5, reductions=(1, 3))
    backbone = CellBackbone(found)
    assert backbone.out_channels == (24, 48, 96) and backbone.stage_ends == (0, 2, 4)
    assert [tuple(each.shape[-2:]) for each in backbone(torch.zeros(1, 3, 64, 64))] == [(8, 8), (4, 4), (2, 2)]
    with pytest.raises(UserError, match="init_channels is 46, but the genotype was found with 6; set init_channels to"):
        CellBackbone(found, init_channels=46)
    assert CellBackbone(found, init_channels=6, num_cells=5).stage_ends == (0, 2, 4)
    assert len(CellBackbone("relativenas").cells) == 14


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (dict(init_channels=0), "init_channels is 0"),
        (dict(num_cells=2), "num_cells is 2"),
        (dict(reductions=(1, 2)), "num_cells, in which it counts, is not set"),
        (dict(num_cells=5, reductions=(0, 2)), r"reductions is \(0, 2\)"),
        (dict(num_cells=5, reductions=(2, 2)), "in ascending order"),
        (dict(num_cells=5, reductions=(2, 5)), "from 1 to 4"),
        (dict(num_cells=5, reductions="12"), "reductions is '12'"),
    ],
)
def test_sizes_out_of_range_are_refused(size, message):
    with pytest.raises(UserError, match=message):
        cells(**size)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(init_channels=[4, 2]), "ascending order"),
        (dict(init_channels=4), "must be a list of choices"),
        (dict(num_cells=[2, 3]), "num_cells of CellSpace is 2"),
        (dict(num_cells=[None]), "must list numbers"),
        (dict(reductions=True), "num_cells, in which they count, has no choices"),
    ],
)
def test_choices_out_of_range_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        CellSpace(**options)


def test_every_size_can_be_reached_and_no_other():
    space = CellSpace(init_channels=[2, 4], num_cells=[3, 5], reductions=True)
    drawn = {str(space.decode(vector).size()) for vector in space.sample(np.random.default_rng(0), 900)}
    assert len(drawn) == len(list(space.sizes()))
    assert {size["reductions"] for size in space.sizes() if size["num_cells"] == 3} == {(1, 2)}
    assert {size["reductions"] for size in space.sizes() if size["num_cells"] == 5} == {
        (first, second) for first in range(1, 4) for second in range(first + 1, 5)
    }


def test_without_sizes_the_space_is_the_published_one():
    assert len(CellSpace().upper) == 32 and not CellSpace().has_sizes


def test_a_search_over_sizes_repeats_resumes_and_runs_in_processes(tmp_path, evaluator):
    options = {"space": SIZED, "strategy": {"type": "SlowFastLearning", "population_size": 4, "generations": 1}}
    expected = alone(tmp_path / "whole", evaluator, **options)

    def cut():
        search = make_search(tmp_path / "cut", evaluator, **options)
        search.run_round()

    in_child(cut)
    make_search(tmp_path / "cut", evaluator, resume=True, **options).run()
    assert outcome(tmp_path / "cut") == expected
    assert together(tmp_path / "two", evaluator, 2, **options) == expected
    assert {name.split(".")[0] for name in expected["tensors"]} <= {"width2", "width4"}


def test_networks_of_one_width_share_weights_at_the_same_position(evaluator):
    from relnas_mm.evaluators import SupernetEvaluator
    from relnas_mm.strategies import Candidate

    space = CellSpace(init_channels=[2], num_cells=[3, 5])
    settings = {key: value for key, value in evaluator.items() if key != "type"}
    found = SupernetEvaluator(**settings, space=space)
    vector = space.sample(np.random.default_rng(0), 1)[0]
    small, large = (
        found._weights_of(Candidate(0, vector, cells(init_channels=2, num_cells=depth))) for depth in (3, 5)
    )
    assert small.shared("cells.1._ops.3.op.1.weight") == large.shared("cells.1._ops.3.op.1.weight")
    assert small.shared("cells.2._ops.3.op.1.weight") == large.shared("cells.3._ops.3.op.1.weight")
    assert small.shared("momentum/classifier.weight") == "momentum/width2.classifier.weight"


def test_what_knows_no_sizes_says_so(tmp_path, evaluator):
    with pytest.raises(UserError, match="searches the size of networks, which no encoding of a predictor knows"):
        encoding_for(CellSpace(init_channels=[2, 4]), "tensor")
    options = {"space": {**SPACE, "init_channels": [2, 4]}}
    make_search(tmp_path, evaluator, **options).run()
    (tmp_path / "run.json").write_text('{"train_cfg": {"evaluator": {"type": "SupernetEvaluator"}}}')
    with pytest.raises(UserError, match="was over sizes of networks, whose shared weights cannot be inherited"):
        inherit(str(tmp_path))
