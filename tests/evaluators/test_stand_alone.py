"""Candidates that are trained from scratch: nothing reaches from one into another."""

import numpy as np
import pytest
from helpers import write_cifar10

from relnas_mm.architectures import GENOTYPES
from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluator, StandAloneEvaluator
from relnas_mm.strategies import Candidate, Group

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    data = {"type": "cifar10", "data_root": str(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))}
    network, training = {"init_channels": 2, "num_cells": 3}, {"batch_size": 10, "lr": 0.05}
    return lambda **options: StandAloneEvaluator(data, network=network, training=training, **options)


def group(*names, generation=0):
    candidates = (Candidate(number, np.zeros(1), GENOTYPES[name]) for number, name in enumerate(names))
    return Group(generation, 0, 1, 0.0, tuple(candidates))


def test_a_score_depends_on_nothing_but_its_address(make):
    evaluator = make(seed=3)
    assert isinstance(evaluator, Evaluator) and evaluator.state_dict() == {}
    first, second = evaluator.evaluate([group("darts_v2", "relativenas")])[0]
    other = make(seed=3)
    other.evaluate([group("darts_v1", "darts_v1")])[0]  # what came before does not matter
    again = other.evaluate([group("darts_v2", "relativenas")])[0]
    assert [result.loss for result in again] == [first.loss, second.loss] and first.loss != second.loss
    assert other.evaluate([group("darts_v2", generation=1)])[0][0].loss != first.loss


def test_more_epochs_learn_more(make):
    losses = [make(epochs=epochs).evaluate([group("relativenas")])[0][0].metrics["train_loss"] for epochs in (1, 6)]
    assert losses[1] < losses[0]
    with pytest.raises(UserError, match="epochs of StandAloneEvaluator is 0"):
        make(epochs=0)
