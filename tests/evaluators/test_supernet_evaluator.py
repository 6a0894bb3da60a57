"""The shared weights: names and counts of the release, and results equal to a full supernet, bit for bit."""

import math
import sys

import numpy as np
import pytest
import torch
from helpers import ROOT, write_cifar10

from relnas_mm.architectures import Genotype
from relnas_mm.datasets.arrays import epoch_batches
from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation, SupernetEvaluator
from relnas_mm.evaluators.oom import OutOfMemory
from relnas_mm.evaluators.supernet.initial_weights import initial_weights
from relnas_mm.evaluators.supernet.op_ids import NUM_OP_IDS, edge_of_op_id, separate_op_ids, shared_op_ids
from relnas_mm.evaluators.supernet.trainer import CandidateTrainer
from relnas_mm.evaluators.training import TrainConfig, evaluate
from relnas_mm.networks import NetworkShape
from relnas_mm.seeding import stream_seed, torch_stream
from relnas_mm.spaces import CellSpace
from relnas_mm.strategies import Candidate, Group, SlowFastLearning

sys.path.insert(0, str(ROOT / "benchmarks"))
import reference_search

pytestmark = pytest.mark.unit
SMALL = {"init_channels": 2, "num_cells": 3}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return {"type": "cifar10", "data_root": str(write_cifar10(tmp_path_factory.mktemp("cifar"), 12))}


def evaluator(data, **options):
    options = {"network": SMALL, "training": {"batch_size": 16}, "seed": 3} | options
    return SupernetEvaluator(data, **options)


def group_of(*genotypes, generation=0, index=0, size=1, progress=0.5):
    candidates = tuple(Candidate(number, np.zeros(32), genotype) for number, genotype in enumerate(genotypes))
    return Group(generation, index, size, progress, candidates)


def genotype_with(*edges):
    """A genotype whose normal cell starts with some edges."""
    rest = (("skip_connect", 0), ("sep_conv_3x3", 1)) * 4
    return Genotype(normal=(*edges, *rest[len(edges) :]), reduce=rest)


@pytest.mark.golden
def test_the_weight_set_of_the_reference_implementation():
    weights = initial_weights(NetworkShape(init_channels=16, num_cells=8), 0)
    statistics = [key for key in weights if key.endswith(("running_mean", "running_var", "num_batches_tracked"))]
    parameters = set(weights) - set(statistics)
    assert len(weights) == 4922 and len(parameters) == 2807
    assert sum(weights[key].numel() for key in parameters) == 1_987_194
    assert {key.split(".")[0] for key in weights} == {"stem", "cells", "classifier"}
    op_ids = {int(key.split(".")[3]) for key in weights if "._ops." in key}
    assert max(op_ids) < NUM_OP_IDS == 98
    assert "cells.2.preprocess0.op.1.weight" in weights and "cells.7._ops.97.op.1.weight" in weights


@pytest.mark.golden
def test_schedules_of_the_reference_implementation():
    config = TrainConfig()
    expected = {0: 0.1, 10: 0.09055, 25: 0.0505, 40: 0.01045, 49: 0.0011}
    assert {g: round(config.lr_at(g / 50), 5) for g in expected} == expected
    assert config.drop_path_at(49 / 50) == pytest.approx(0.294)


def test_operations_are_numbered_as_in_the_reference_implementation():
    edges = [("max_pool_3x3", 0), ("dil_conv_5x5", 1), ("sep_conv_3x3", 2), ("sep_conv_3x3", 2)]
    edges += [("skip_connect", 3), ("skip_connect", 0), ("avg_pool_3x3", 4), ("dil_conv_5x5", 4)]
    assert shared_op_ids(edges) == [0, 13, 31, 31, 58, 37, 92, 97]  # edges 0, 1, 4, 4, 8, 5, 13, 13
    assert separate_op_ids(edges)[3] == 31 + 98
    for edge, op_id in zip(edges, shared_op_ids(edges)):
        assert edge_of_op_id(op_id) == edge


def reference_generation(weights, strategy, subject):
    """One generation by full supernets; gives the losses and the weight set that it leaves."""
    config, losses = subject.config, []
    while not strategy.done:
        group = strategy.ask()
        learners = []
        for candidate in group.candidates:
            supernet = reference_search.Supernet(SMALL["init_channels"], SMALL["num_cells"], 10)
            supernet.load_state_dict(weights)
            address = (group.generation, candidate.number)
            stream = torch_stream(3, "training", *address)
            torch.manual_seed(stream_seed(3, "drop path", *address))
            batches = epoch_batches(subject.train_data, config.batch_size, stream, subject.augmentation)
            rate = 0.3 * group.progress
            reference_search.train(supernet, candidate.architecture, batches, config.lr_at(group.progress), rate)
            stream = torch_stream(3, "validation", *address)
            batches = epoch_batches(subject.validation_data, config.batch_size, stream, subject.augmentation)
            learners.append((reference_search.infer(supernet, candidate.architecture, batches), supernet, candidate))
        told = [loss for loss, _, _ in learners]
        losses.append(told)
        (_, teacher, t), (_, student, s) = sorted(learners, key=lambda learner: learner[0])
        weights = reference_search.merge(
            weights,
            teacher.state_dict(),
            student.state_dict(),
            t.architecture,
            s.architecture,
            teacher.reductions,
        )
        strategy.tell(group, told)
    return losses, weights


def test_losses_and_weights_are_bit_equal_to_a_full_supernet(data):
    """Six pairs over two generations with drop path, and with doubled operations among the candidates."""
    subject = evaluator(data)
    start = {name: value.clone() for name, value in subject.state_dict().items()}
    strategies = [SlowFastLearning(CellSpace(), 4, 2, seed=11) for _ in range(2)]
    expected_losses, expected_weights = reference_generation(start, strategies[0], subject)
    losses = []
    doubled = 0
    while not strategies[1].done:
        group = strategies[1].ask()
        for candidate in group.candidates:
            cells = (candidate.architecture.normal, candidate.architecture.reduce)
            doubled += sum(cell[i] == cell[i + 1] for cell in cells for i in (0, 2, 4, 6))
        losses.append([evaluation.loss for evaluation in subject.evaluate([group])[0]])
        strategies[1].tell(group, losses[-1])
    assert len(losses) == 6 and doubled > 0
    assert losses == expected_losses
    assert list(subject.state_dict()) == list(expected_weights)
    for name, value in subject.state_dict().items():
        assert torch.equal(value, expected_weights[name]), name
    changed = sum(not torch.equal(value, start[name]) for name, value in expected_weights.items())
    assert 100 < changed < len(start)


def test_what_neither_uses_stays_and_the_student_only_adds(data):
    teacher, student = genotype_with(("sep_conv_3x3", 0)), genotype_with(("dil_conv_3x3", 0))
    subject = evaluator(data)
    before = subject.state_dict()
    losses = [evaluation.loss for evaluation in subject.evaluate([group_of(teacher, student)])[0]]
    if losses[0] > losses[1]:
        teacher, student = student, teacher
    alone = evaluator(data)
    number = 0 if losses[0] <= losses[1] else 1
    alone.evaluate([Group(0, 0, 1, 0.5, (Candidate(number, np.zeros(32), teacher),))])
    only_student = f"_ops.{shared_op_ids(student.normal)[0]}."
    for name, value in subject.state_dict().items():
        if f"cells.0.{only_student}" in name:
            assert not torch.equal(value, before[name]), name
        elif "cells.1." not in name and only_student not in name:
            assert torch.equal(value, alone.state_dict()[name]), name


def test_separate_duplicates_have_weights_of_their_own(data):
    double = genotype_with(("sep_conv_3x3", 0), ("sep_conv_3x3", 0))
    shared, separate = evaluator(data), evaluator(data, duplicates="separate")
    counts = [part.evaluate([group_of(double)])[0][0].metrics["search_params"] for part in (shared, separate)]
    assert counts[1] > counts[0]
    assert any("_ops.101." in name for name in separate.state_dict())
    assert not any("_ops.101." in name for name in shared.state_dict())


def test_write_back_after_the_generation(data):
    pair = genotype_with(("sep_conv_3x3", 0)), genotype_with(("dil_conv_3x3", 0))
    subject = evaluator(data, write_back="generation")
    before = subject.weights.tensors["stem.0.weight"].clone()
    subject.evaluate([group_of(*pair, index=0, size=2)])[0]
    assert torch.equal(subject.weights.tensors["stem.0.weight"], before)
    resumed = evaluator(data, write_back="generation")
    resumed.load_state_dict(subject.state_dict())
    for part in (subject, resumed):
        part.evaluate([group_of(*pair, index=1, size=2)])[0]
    assert not torch.equal(subject.weights.tensors["stem.0.weight"], before)
    for name, value in subject.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_shared_momentum_changes_what_the_next_group_learns(data):
    pair = genotype_with(("sep_conv_3x3", 0)), genotype_with(("dil_conv_3x3", 0))
    fresh, kept = evaluator(data), evaluator(data, fresh_optimizer=False)
    first = [[e.loss for e in part.evaluate([group_of(*pair, index=0, size=2)])[0]] for part in (fresh, kept)]
    second = [[e.loss for e in part.evaluate([group_of(*pair, index=1, size=2)])[0]] for part in (fresh, kept)]
    assert first[0] == first[1] and second[0] != second[1]
    resumed = evaluator(data, fresh_optimizer=False)
    resumed.load_state_dict(kept.state_dict())
    assert [e.loss for e in resumed.evaluate([group_of(*pair)])[0]] == [
        e.loss for e in kept.evaluate([group_of(*pair)])[0]
    ]


@pytest.mark.parametrize("augment", [True, False])
def test_validation_without_augmentation_scores_the_plain_images(data, augment):
    subject, group = evaluator(data, augment_validation=augment), group_of(genotype_with())
    loss = subject.evaluate([group])[0][0].loss
    trainer = subject._trainer(group.candidates[0])
    trainer.load(subject.weights)  # where the trained ones were written back
    plain, _ = evaluate(trainer.network, epoch_batches(subject.validation_data, 16))
    # Another order of the images rounds their mean differently; augmented ones change the second digit.
    assert (loss == pytest.approx(plain, rel=1e-4)) == (not augment)


def test_channels_last_gives_the_same_losses_up_to_rounding(data):
    pair = genotype_with(("sep_conv_5x5", 0)), genotype_with(("dil_conv_3x3", 0))
    losses = [
        [e.loss for e in evaluator(data, execution={"channels_last": flag}).evaluate([group_of(*pair)])[0]]
        for flag in (False, True)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_what_is_faster_on_cpus_gives_the_same_up_to_rounding(data):
    """Two candidates at once, normalizations fused to score: with drop path, over two groups."""
    pairs = [
        (genotype_with(("sep_conv_5x5", 0)), genotype_with(("dil_conv_3x3", 0), ("max_pool_3x3", 1))),
        (genotype_with(("dil_conv_5x5", 1)), genotype_with(("avg_pool_3x3", 0), ("sep_conv_3x3", 1))),
    ]
    fast = {"channels_last": True, "backend": "auto", "parallel_candidates": 2}
    losses, weights = [], []
    for execution in ({}, fast):
        subject = evaluator(data, training={"batch_size": 6, "lr": 0.01}, execution=execution)
        groups = [group_of(*pair, index=index, size=2) for index, pair in enumerate(pairs)]
        losses.append([e.loss for group in groups for e in subject.evaluate([group])[0]])
        weights.append(subject.state_dict())
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert all(torch.allclose(value, weights[1][name], rtol=1e-2, atol=1e-3) for name, value in weights[0].items())


def test_a_diverged_candidate_writes_nothing(data, monkeypatch):
    subject = evaluator(data)
    before = dict(subject.state_dict())
    monkeypatch.setattr(CandidateTrainer, "evaluation", lambda *_: Evaluation(math.nan))
    evaluations = subject.evaluate([group_of(genotype_with(), genotype_with())])[0]
    assert all(math.isnan(evaluation.loss) for evaluation in evaluations)
    assert all(value is before[name] for name, value in subject.state_dict().items())


def test_a_huge_learning_rate_loses_the_duel_and_the_search_goes_on(data):
    subject = evaluator(data, training={"batch_size": 16, "lr": 1e30, "grad_clip": 1e30})
    strategy = SlowFastLearning(CellSpace(), 2, 1)
    while not strategy.done:
        group = strategy.ask()
        strategy.tell(group, [evaluation.loss for evaluation in subject.evaluate([group])[0]])
    assert all(torch.isfinite(value).all() for value in subject.state_dict().values())


def test_rescoring_uses_the_whole_plain_validation_half_and_changes_nothing(data):
    subject = evaluator(data)
    group = group_of(genotype_with())
    subject.evaluate([group])[0]
    before = {name: value.clone() for name, value in subject.state_dict().items()}
    again = [subject.rescore(group.candidates[0]) for _ in range(2)]
    assert again[0].loss == again[1].loss and 0 <= again[0].metrics["accuracy"] <= 100
    assert all(torch.equal(value, before[name]) for name, value in subject.state_dict().items())


def test_batches_that_score_may_be_larger(data):
    group = group_of(genotype_with(("sep_conv_3x3", 0)), genotype_with(("dil_conv_3x3", 0)))
    losses = [
        [e.loss for e in evaluator(data, training={"batch_size": 16, "eval_batch_size": size}).evaluate([group])[0]]
        for size in (None, 5, 64)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5) and losses[2] == pytest.approx(losses[0], rel=1e-5)


def test_out_of_memory_names_the_candidate_and_a_batch_size(data, monkeypatch):
    subject = evaluator(data)

    def full(*_):
        raise OutOfMemory("CUDA out of memory")

    monkeypatch.setattr(CandidateTrainer, "steps", full)
    with pytest.raises(UserError, match=r"candidate 0 does not fit .* batch_size 16: set its batch_size to 8"):
        subject.evaluate([group_of(genotype_with())])[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"write_back": "sometimes"}, "'group', 'generation'"),
        ({"duplicates": "both"}, "'shared', 'separate'"),
        ({"training": {"batch_size": 0}}, "batch_size is 0"),
        ({"training": {"eval_batch_size": -1}}, "eval_batch_size is -1"),
        ({"training": {"lr": 0.1, "min_lr": 0.2}}, "min_lr is 0.2"),
        ({"training": {"drop_path_rate": 1.0}}, "drop_path_rate is 1.0"),
        ({"execution": {"autocast": "bfloat16", "channels_last": True}}, "autocast is 'bfloat16' and channels_last"),
        ({"execution": {"backend": "triton"}}, "backend is 'triton', but the device is 'cpu'"),
        ({"execution": {"backend": "torch"}}, "backend is 'torch'; allowed are 'reference', 'auto', 'triton'"),
        ({"execution": {"cuda_graphs": True}}, "cuda_graphs is True, but the device is 'cpu'"),
        ({"execution": {"parallel_candidates": 0}}, "parallel_candidates is 0"),
        ({"network": {"init_channels": 2, "num_cells": 2}}, "num_cells is 2"),
        ({"train_portion": 0.0}, "train_portion is 0.0"),
    ],
)
def test_bad_arguments(data, options, says):
    with pytest.raises(UserError, match=says):
        evaluator(data, **options)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_scores_as_the_cpu_does(data):
    """Draws are made on the CPU, so that only rounding and drop path differ between devices."""
    pair = genotype_with(("sep_conv_5x5", 0)), genotype_with(("dil_conv_3x3", 0))
    training = {"batch_size": 16, "drop_path_rate": 0.0}
    losses = [
        [e.loss for e in evaluator(data, training=training, device=device).evaluate([group_of(*pair)])[0]]
        for device in ("cpu", "cuda")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)


FAST = {"cuda_graphs": True, "parallel_candidates": 2}


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("backend", ["auto", "triton"])
def test_recorded_steps_on_two_streams_give_the_losses_of_plain_ones(data, backend, monkeypatch):
    """With drop path: each learner draws what it would draw alone; all steps are replayed, the last ones too."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    pairs = [
        (genotype_with(("sep_conv_5x5", 0)), genotype_with(("dil_conv_3x3", 0), ("max_pool_3x3", 1))),
        (genotype_with(("dil_conv_5x5", 1)), genotype_with(("avg_pool_3x3", 0), ("sep_conv_3x3", 1))),
    ]
    groups = [group_of(*pair, index=index, size=2) for index, pair in enumerate(pairs)]
    subjects = [
        evaluator(
            data,
            training={"batch_size": 6, "lr": 0.001},
            execution=execution,
            network={"init_channels": 8, "num_cells": 3},
            device="cuda",
        )
        for execution in ({}, FAST | {"backend": backend})
    ]
    plain, fast = subjects
    losses = [[e.loss for group in groups for e in plain.evaluate([group])[0]], []]
    losses[1] += [e.loss for e in fast.evaluate(groups[:1], groups[1:])[0]]  # the second pair is got ready
    losses[1] += [e.loss for e in fast.evaluate([groups[1]])[0]]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    weights = [subject.state_dict() for subject in subjects]
    assert all(torch.allclose(value, weights[1][name], rtol=1e-2, atol=1e-3) for name, value in weights[0].items())
