"""Shared weights outside of an evaluator."""

import pytest
import torch

from relnas_mm.errors import UserError
from relnas_mm.evaluators.supernet.shared_weights import SharedWeights

pytestmark = pytest.mark.unit


def test_never_leaves_the_initial_weights():
    weights = SharedWeights({"a": torch.zeros(2)}, "never")
    weights.write_back([{"a": torch.ones(2)}])
    assert weights.frozen and weights.tensors["a"].tolist() == [0.0, 0.0]
    assert set(weights.state_dict()) == {"a"}


def test_weights_that_exist_stay_when_others_are_added():
    weights = SharedWeights({"a": torch.zeros(2)})
    weights.add({"a": torch.ones(2), "b": torch.ones(1)})
    assert weights.tensors["a"].tolist() == [0.0, 0.0] and weights.tensors["b"].tolist() == [1.0]
    assert "b" in weights and "c" not in weights and not weights.frozen


def test_weights_need_a_device_if_there_are_none_yet():
    assert SharedWeights({}, device=torch.device("cpu")).device.type == "cpu"


def test_an_unknown_moment_is_refused():
    with pytest.raises(UserError, match="write_back is 'sometimes'; allowed are 'group', 'generation', 'never' and a"):
        SharedWeights({}, "sometimes", torch.device("cpu"))
