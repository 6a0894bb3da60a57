"""The predictor of ReNAS: its size, its losses, its training, its files."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relnas_mm.errors import UserError
from relnas_mm.predictors import (
    ENCODINGS,
    PREDICTOR_CONFIGS,
    Predictor,
    PredictorConfig,
    kendall_tau,
    load_predictor,
    parameter_counts,
    predictor_config,
    save_predictor,
)
from relnas_mm.predictors.losses import consistency_loss, pairwise_loss
from relnas_mm.predictors.networks import Ensemble, LeNetRanker
from relnas_mm.spaces import NASBench201Space, NASBenchMacroSpace

pytestmark = pytest.mark.unit

FLOW, TENSOR = ENCODINGS["nasbench201/flow"], ENCODINGS["nasbench201/tensor"]
QUICK = replace(PREDICTOR_CONFIGS["improved"], epochs=60, members=2, hidden=32)


def some_cells(count, seed=0):
    space = NASBench201Space()
    return [space.decode(vector) for vector in space.sample(np.random.default_rng(seed), count)]


def toy_scores(cells):
    """Convolutions are good, edges that carry nothing are bad."""
    return np.array([3.0 * cell.count("3x3~") + cell.count("1x1~") - 2.0 * cell.count("none") for cell in cells])


@pytest.mark.golden
def test_parameters_of_the_published_predictor():
    network = LeNetRanker((19, 7, 7))
    assert sum(parameter.numel() for parameter in network.parameters()) == 813_615
    assert network(torch.zeros(3, 19, 7, 7)).shape == (1, 3)
    assert LeNetRanker((31, 4, 4)).fc1.in_features == 2048


@given(arrays(np.float64, st.integers(2, 9), elements=st.integers(-4, 4).map(float)), st.randoms())
@settings(deadline=None)
def test_the_pairwise_loss_is_the_sum_over_ordered_pairs(outputs, random):
    targets = np.array([random.randint(0, 3) for _ in outputs], dtype=float)
    size = len(outputs)
    expected = sum(
        math.log1p(math.exp(-(outputs[i] - outputs[j]) * np.sign(targets[i] - targets[j])))
        for i in range(size)
        for j in range(size)
        if i != j
    ) / (size * (size - 1))
    found = pairwise_loss(torch.from_numpy(outputs)[None], torch.from_numpy(targets))
    assert found.item() == pytest.approx(expected, abs=1e-9)


def test_ties_give_no_gradient_and_members_are_summed():
    outputs = torch.tensor([[0.0, 3.0], [1.0, -1.0]], requires_grad=True)
    loss = pairwise_loss(outputs, torch.tensor([0.5, 0.5]))
    loss.backward()
    assert loss.item() == pytest.approx(2 * math.log(2))
    assert not outputs.grad.any()


def test_huge_margins_do_not_overflow():
    assert pairwise_loss(torch.tensor([[0.0, 1e4]]), torch.tensor([1.0, 0.0])).item() == pytest.approx(1e4)


def test_the_third_term_is_low_where_close_scores_have_close_features():
    targets = torch.linspace(0, 1, 64)
    shuffled = targets[torch.randperm(64, generator=torch.Generator().manual_seed(0))]
    ordered, mixed = (
        consistency_loss(9 * x[:, None], targets, torch.Generator().manual_seed(1)) for x in (targets, shuffled)
    )
    assert ordered < 0.5 < mixed


@given(
    st.integers(2, 60).flatmap(lambda n: arrays(np.float64, (2, n), elements=st.integers(0, 9).map(float))),
    st.sampled_from([np.float32, np.float64]),
)
@settings(deadline=None)
def test_kendalls_tau_counts_pairs(values, kind):
    """To the last digit, so that the epoch that a fit keeps does not depend on rounding."""
    first, second = values[0].astype(kind), values[1]
    n = len(first)
    signs = np.sign(np.subtract.outer(first, first)) * np.sign(np.subtract.outer(second, second))
    assert kendall_tau(first, second) == (signs.sum() / 2) / (n * (n - 1) / 2)


def test_kendalls_tau_of_many_scores_is_exact():
    scores = np.random.default_rng(0).permutation(16_000).astype(float)
    mixed = scores.copy()
    mixed[[5, 9]] = mixed[[9, 5]]
    mixed[100:103] = mixed[100]
    signs = sum(int((np.sign(scores - s) * np.sign(mixed - m)).sum()) for s, m in zip(scores, mixed))
    assert kendall_tau(scores, mixed) == (signs / 2) / (16_000 * 15_999 / 2)


def test_kendalls_tau_of_scores_that_are_not_finite():
    assert np.isnan(kendall_tau(np.array([0.0, math.nan]), np.array([0.0, 1.0])))
    assert kendall_tau(np.array([0.0, 1.0, math.inf]), np.array([1.0, 2.0, 3.0])) == 1.0


def test_a_member_sees_its_view_only():
    network = Ensemble((3, 2), members=4, hidden=8)
    inputs = torch.randn(5, 5)
    changed = inputs.clone()
    changed[:, 3:] += 1
    same = torch.isclose(network(inputs), network(changed)).all(dim=1)
    assert same.tolist() == [True, False, True, False]


@pytest.mark.parametrize("config", [QUICK, replace(PREDICTOR_CONFIGS["reference"], epochs=8)], ids=["flow", "tensor"])
def test_it_learns_to_rank_and_is_deterministic(config):
    encoding = ENCODINGS[f"nasbench201/{config.encoding}"]
    cells, unseen = some_cells(120), some_cells(200, 1)
    predictors = [Predictor(encoding, config, seed).fit(cells, toy_scores(cells)) for seed in (0, 0, 1)]
    scores = [predictor.predict(unseen) for predictor in predictors]
    assert kendall_tau(scores[0], toy_scores(unseen)) > 0.6
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])
    assert predictors[0].members(unseen).shape == (config.members, 200)


@pytest.mark.parametrize("name", ["reference-mse", "consistent"])
def test_other_losses_learn_as_well(name):
    cells, unseen = some_cells(100), some_cells(100, 1)
    predictor = Predictor(TENSOR, replace(PREDICTOR_CONFIGS[name], epochs=25)).fit(cells, toy_scores(cells))
    assert kendall_tau(predictor.predict(unseen), toy_scores(unseen)) > 0.4


def test_the_reference_recipe_uses_each_gradient_once():
    config = PREDICTOR_CONFIGS["reference"]
    assert (config.epochs, config.batch_size, config.lr, config.weight_decay, config.schedule) == (
        200,
        1024,
        1e-3,
        0.0,
        "constant",
    )
    assert (config.loss, config.consistency, config.keep_best) == ("pairwise", 0.0, True)


def test_the_order_of_predictions_does_not_depend_on_the_scale_of_scores():
    cells = some_cells(60)
    plain, scaled = (Predictor(FLOW, QUICK).fit(cells, f * toy_scores(cells)).predict(cells) for f in (1, 1000))
    np.testing.assert_allclose(plain, scaled, atol=1e-4)


def test_isomorphic_cells_get_equal_predictions():
    cells = some_cells(60)
    predictor = Predictor(FLOW, QUICK).fit(cells, toy_scores(cells))
    pair = [f"|{a}~0|+|{b}~0|none~1|+|none~0|{c}~1|{d}~2|" for a, b, c, d in (ABCD, (*ABCD[1::-1], *ABCD[:1:-1]))]
    first, second = predictor.predict(pair)
    assert first == second


ABCD = ("nor_conv_3x3", "avg_pool_3x3", "skip_connect", "nor_conv_1x1")


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([1.0, math.nan, 2.0], "score 1 that a predictor was given is nan"),
        ([1.0, 2.0, math.inf], "score 2"),
        ([5.0, 5.0, 5.0], "all 3 scores that a predictor was given are 5"),
        ([1.0, 2.0], "3 architectures"),
    ],
)
def test_scores_that_teach_nothing_are_refused(scores, words):
    with pytest.raises(UserError, match=words):
        Predictor(FLOW, QUICK).fit(some_cells(3), scores)


def test_fewer_than_two_samples_are_refused():
    with pytest.raises(UserError, match="1 scored architectures; it needs at least 2"):
        Predictor(FLOW, QUICK).fit(some_cells(1), [1.0])


@pytest.mark.parametrize("config", [QUICK, replace(PREDICTOR_CONFIGS["reference"], epochs=2)], ids=["flow", "tensor"])
def test_files_bring_back_the_predictor(config, tmp_path):
    encoding = ENCODINGS[f"nasbench201/{config.encoding}"]
    cells = some_cells(30)
    predictor = Predictor(encoding, config).fit(cells, toy_scores(cells))
    save_predictor(predictor, tmp_path / "new" / "first")
    loaded = load_predictor(tmp_path / "new" / "first", encoding)
    np.testing.assert_array_equal(loaded.predict(cells), predictor.predict(cells))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["first.json", "first.safetensors"]


def test_another_encoding_than_that_of_the_files_is_refused(tmp_path):
    save_predictor(Predictor(FLOW, QUICK), tmp_path / "saved")
    with pytest.raises(UserError, match="'nasbench201/flow' of shape .* used with 'nasbench-macro/flow'"):
        load_predictor(tmp_path / "saved", ENCODINGS["nasbench-macro/flow"])


@pytest.mark.parametrize("damage", ["missing", "cut", "json", "other", "version"])
def test_damaged_files_are_refused(damage, tmp_path):
    described = save_predictor(Predictor(FLOW, QUICK), tmp_path / "saved")
    weights = tmp_path / "saved.safetensors"
    if damage == "missing":
        weights.unlink()
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-9])
    elif damage == "json":
        described.write_text("{")
    else:
        change = {"other": {"encoding": "nowhere/flow"}, "version": {"schema_version": 9}}[damage]
        described.write_text(json.dumps({**json.loads(described.read_text()), **change}))
    with pytest.raises(UserError, match="saved"):
        load_predictor(tmp_path / "saved")


def test_recipes_by_name_and_by_field():
    assert predictor_config("improved") == PREDICTOR_CONFIGS["improved"]
    assert predictor_config({"base": "improved", "members": 3}) == replace(PREDICTOR_CONFIGS["improved"], members=3)
    assert predictor_config({"epochs": 5}) == PredictorConfig(epochs=5)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("best", "config is 'best'"),
        ({"depth": 3}, r"does not take \['depth'\]"),
        ({"encoding": "flow"}, "'lenet' does not fit the encoding 'flow'"),
        ({"loss": "hinge"}, "'hinge'; allowed"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 1}, "pairs need at least 2"),
        ({"base": "improved", "consistency": 0.5}, "consistency"),
    ],
)
def test_bad_recipes_are_refused(setting, words):
    with pytest.raises(UserError, match=words):
        predictor_config(setting)


def test_parameter_counts_are_a_baseline():
    space = NASBenchMacroSpace()
    codes = [space.decode(vector) for vector in space.sample(np.random.default_rng(0), 5)]
    assert parameter_counts("nasbench-macro", ["00000000", *codes])[0] == 387_882
