"""Options of the scores of a supernet, and its families."""

import itertools
import math

import numpy as np
import pytest
import torch
from helpers import write_cifar10
from scipy import stats

from relnas_mm.architectures import NASBench201Cell
from relnas_mm.errors import UserError
from relnas_mm.evaluators import SupernetEvaluator
from relnas_mm.evaluators.supernet.racing import is_decided, paired_p
from relnas_mm.networks.nasbench201 import NB201_OPERATIONS
from relnas_mm.search import RunStore, SearchRun
from relnas_mm.spaces import CellSpace, MacroMicroSpace, NASBench201Space
from relnas_mm.strategies import Candidate, Group, SlowFastLearning

pytestmark = pytest.mark.unit
SMALL = {"init_channels": 2, "num_cells": 3}
SPACES = {"genotypes": CellSpace, "nasbench201": NASBench201Space}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return {"type": "cifar10", "data_root": str(write_cifar10(tmp_path_factory.mktemp("cifar"), 12))}


def evaluator(data, space, **options):
    options = {"network": SMALL, "training": {"batch_size": 8, "drop_path_rate": 0.0}, "seed": 3} | options
    return SupernetEvaluator(data, space=space, **options)


def group_of(space, vectors, index=0):
    candidates = tuple(Candidate(number, each, space.decode(each)) for number, each in enumerate(vectors))
    return Group(0, index, 2, 0.5, candidates)


def both(data, name, **options):
    """Losses and shared weights after one group of two."""
    space = SPACES[name]()
    chosen = evaluator(data, space, **options)
    vectors = space.sample(np.random.default_rng(0), 2)
    return [each.loss for each in chosen.evaluate([group_of(space, vectors)])[0]], chosen.state_dict()


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("scoring", [{"recalibration_batches": 3}, {"ema_decay": 0.7}])
def test_scores_change_but_not_what_is_written_back(name, scoring, data):
    losses, weights = both(data, name)
    others, same = both(data, name, scoring=scoring)
    assert losses != others
    assert all(torch.equal(weights[key], same[key]) for key in weights) and weights.keys() == same.keys()


def test_recalibrated_statistics_are_those_of_the_batches(data):
    """With all training images in one batch, the statistics are those of that batch."""
    space = NASBench201Space()
    chosen = evaluator(data, space, scoring={"recalibration_batches": 1}, training={"batch_size": 64})
    candidate = Candidate(0, np.zeros(6), NASBench201Cell.of(["nor_conv_1x1"] * 6))
    trainer = chosen._trainer(candidate)
    trainer.load(chosen.weights)
    with torch.no_grad():
        trainer._replace_weights(chosen._statistics())
    images, _ = next(chosen._statistics())
    features = trainer.network.stem[0](images)
    torch.testing.assert_close(trainer.network.stem[1].running_mean, features.mean(dim=(0, 2, 3)))


def test_averaged_weights_are_the_moving_average_of_the_steps(data):
    space = NASBench201Space()
    candidate = Candidate(0, np.zeros(6), NASBench201Cell.of(["skip_connect"] * 6))
    plain, averaged = (evaluator(data, space, scoring={"ema_decay": decay}) for decay in (None, 0.5))
    batches = list(itertools.islice(plain._batches(plain.train_data, 8, "training", (0, 0)), 3))
    trainer = plain._trainer(candidate)
    trainer.load(plain.weights)
    weight = dict(trainer.network.named_parameters())["classifier.weight"]
    expected = weight.detach().clone()
    for _ in trainer.train(batches):
        expected = 0.5 * expected + 0.5 * weight.detach()
    other = averaged._trainer(candidate)
    other.load(averaged.weights)
    for _ in other.train(batches):
        pass
    average = dict(zip([name for name, _ in other._named], other._average))["classifier.weight"]
    torch.testing.assert_close(average, expected)


def test_paired_candidates_see_the_same_batches(data):
    space = NASBench201Space()
    twins = np.repeat(space.sample(np.random.default_rng(1), 1), 2, axis=0)
    for paired in (False, True):
        chosen = evaluator(data, space, scoring={"paired": paired}, training={"batch_size": 8})
        first, second = chosen.evaluate([group_of(space, twins)])[0]
        assert (first.loss == second.loss) is paired


@pytest.mark.parametrize("name", SPACES)
def test_a_warm_up_trains_the_shared_weights_once_and_repeats(name, data):
    losses, weights = both(data, name)
    warm, trained = both(data, name, warmup_epochs=2)
    again, same = both(data, name, warmup_epochs=2)
    assert losses != warm == again
    assert all(torch.equal(trained[key], same[key]) for key in trained)
    changed = {key for key in trained if not torch.equal(weights[key], trained[key])}
    assert len(changed) > len(weights) / 4  # many architectures, not only those of the group
    space = SPACES[name]()
    chosen = evaluator(data, space, warmup_epochs=2)
    chosen.evaluate([group_of(space, space.sample(np.random.default_rng(0), 2), index=1)])
    later = chosen.state_dict()
    cold = evaluator(data, space)
    cold.evaluate([group_of(space, space.sample(np.random.default_rng(0), 2), index=1)])
    assert all(torch.equal(later[key], value) for key, value in cold.state_dict().items())  # a resumed search


def test_a_search_of_benchmark_cells_with_shared_weights(data, tmp_path):
    space = NASBench201Space()
    run = SearchRun(space, SlowFastLearning(space, 4, 2, 0, False), evaluator(data, space), RunStore(tmp_path))
    winner = run.run()
    assert isinstance(winner, NASBench201Cell) and set(winner.operations) <= set(NB201_OPERATIONS)
    assert (tmp_path / "architecture.json").exists()


def test_shared_weights_of_benchmark_cells_are_those_of_all_operations(data):
    chosen = evaluator(data, NASBench201Space())
    for operation in NB201_OPERATIONS:
        cell = NASBench201Cell.of([operation] * 6)
        names = set(cell.build(chosen.shape, "reference").state_dict())
        assert names <= set(chosen.weights.tensors)
    largest = chosen.family.largest()
    network = chosen._trainer(Candidate(0, np.zeros(6), largest)).network
    assert sum(parameter.numel() for parameter in network.parameters()) == largest.cost(chosen.shape).params


@pytest.mark.parametrize(
    "options, message",
    [
        ({"scoring": {"recalibration_batches": -1}}, "recalibration_batches is -1; it must be a number from 0 on"),
        ({"scoring": {"ema_decay": 1.0}}, "ema_decay is 1.0; it must be between 0 and 1, or None"),
        ({"scoring": {"race": (1, 0.5)}}, r"race is \(1, 0.5\); it must be numbers of epochs above 0, ascending"),
        ({"scoring": {"level": 0}}, "level is 0; it must be between 0 and 1"),
        (
            {"scoring": {"race": (1,)}, "execution": {"backend": "auto", "parallel_candidates": 2}},
            "scoring.race trains one candidate at a time: leave out cuda_graphs and parallel_candidates",
        ),
        ({"warmup_epochs": -1}, "warmup_epochs is -1; it must be at least 0, and 0 without a space"),
        ({"duplicates": "separate"}, "duplicates is 'separate'; cells of NAS-Bench-201 have none: leave it out"),
    ],
)
def test_bad_options_are_named(options, message, data):
    with pytest.raises(UserError, match=message):
        evaluator(data, NASBench201Space(), **options)


def test_a_space_whose_architectures_share_no_weights(data):
    with pytest.raises(UserError, match="of kind genotype, nasbench201; those of MacroMicroSpace are 'chain'"):
        evaluator(data, MacroMicroSpace())
    with pytest.raises(UserError, match="warmup_epochs is 1; it must be at least 0, and 0 without a space"):
        evaluator(data, None, warmup_epochs=1)


def test_a_race_of_one_epoch_is_the_usual_training(data):
    """Its last comparison is after one epoch, whatever the difference; both validate as the first candidate does."""
    losses, weights = both(data, "nasbench201")
    raced, same = both(data, "nasbench201", scoring={"race": (1,)})
    assert raced[0] == pytest.approx(losses[0]) and raced[1] != losses[1]
    assert all(torch.equal(weights[key], same[key]) for key in weights)


@pytest.mark.parametrize("name", SPACES)
def test_a_race_ends_when_the_difference_is_significant(name, data):
    steps = []
    for level in (1e-12, 1 - 1e-12):  # never, at once
        space = SPACES[name]()
        chosen = evaluator(data, space, scoring={"race": (0.5, 1, 2), "level": level, "paired": True})
        scored = chosen.evaluate([group_of(space, space.sample(np.random.default_rng(1), 2))])[0]
        steps.append({each.metrics["steps"] for each in scored})
    size = len(chosen.train_data)
    assert steps == [{2 * math.ceil(size / 8)}, {round(0.5 * math.ceil(size / 8))}]


def test_a_race_keeps_averages_and_statistics_apart_from_the_weights(data):
    plain = both(data, "nasbench201", scoring={"race": (0.5, 1), "level": 1e-12})
    other = both(data, "nasbench201", scoring={"race": (0.5, 1), "level": 1e-12, "ema_decay": 0.7})
    assert plain[0] != other[0] and all(torch.equal(plain[1][key], other[1][key]) for key in plain[1])


def test_paired_differences_are_tested():
    differences = torch.tensor([1.0, 2.0, 3.0, 2.0])
    z = 2.0 / (np.std([1, 2, 3, 2], ddof=1) / 2)
    assert paired_p(differences) == pytest.approx(2 * stats.norm.sf(z))
    assert paired_p(torch.zeros(3)) == 1.0 and paired_p(torch.ones(3)) == 0.0
    base = torch.arange(4.0)
    assert is_decided([base, base + differences], 0.01) and not is_decided([base, base + differences - 2], 0.5)
    assert is_decided([base, torch.full((4,), math.nan)], 0.01) and is_decided([torch.full((4,), math.inf)], 0.01)
