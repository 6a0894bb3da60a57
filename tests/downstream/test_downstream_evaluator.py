"""Candidates as backbones of detectors and others: shared weights, resume, processes, metrics, several tasks."""

import numpy as np
import pytest
import torch
from helpers.searches import alone, make_search, outcome, together

from relnas_mm import CellSpace, SlowFastLearning, load_genotype
from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.downstream import DownstreamEvaluator
from relnas_mm.downstream.shared_names import shared_names
from relnas_mm.errors import UserError
from relnas_mm.search.builder import build_search
from relnas_mm.strategies import Candidate, Group

pytestmark = pytest.mark.mm

LOADERS = {
    f"{part}_dataloader": {"batch_size": 4, "num_workers": 0, "persistent_workers": False} for part in ("train", "val")
}
SIZE = {"init_channels": 4, "num_cells": 3}
TASKS = {
    "detection": {
        "config": "relnas_mm::ssdlite/ssdlite160_relativenas-c16l6_4e_shapes-voc.py",
        "cfg_options": {
            **LOADERS,
            "model": {
                "backbone": SIZE,
                "neck": {"in_channels": (32, 64), "out_channels": (16, 16, 16, 16)},
                "bbox_head": {"in_channels": (32, 64, 16, 16, 16, 16)},
            },
        },
    },
    "segmentation": {
        "config": "relnas_mm::deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes.py",
        "cfg_options": {
            **LOADERS,
            "model": {
                "backbone": SIZE,
                "decode_head": {"in_channels": 64, "c1_in_channels": 4, "channels": 16},
                "auxiliary_head": {"in_channels": 32},
            },
        },
    },
    "pose": {
        "config": "relnas_mm::simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96.py",
        "cfg_options": {**LOADERS, "model": {"backbone": SIZE, "head": {"in_channels": 64}}},
    },
    "classification": {
        "config": "relnas_mm::imagenet/relativenas-c16l6_1xb32-5e_shapes.py",
        "cfg_options": {**LOADERS, "model": {"backbone": SIZE}},
    },
}
DETECTION = {"detection": TASKS["detection"]}
LAYOUTS = {"voc": 96, "cityscapes": (128, 64), "coco_keypoints": 96, "image_folder": 48}


@pytest.fixture(scope="module", autouse=True)
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    for layout, size in LAYOUTS.items():
        splits = {"train": 20, "val": 10} | ({"test": 2} if layout == "voc" else {})
        generate_shapes(folder / layout, layout, splits, image_size=size, progress=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHAPES_ROOT", str(folder))
        yield folder


def group(*names, generation=0):
    candidates = (Candidate(number, np.zeros(1), load_genotype(name)) for number, name in enumerate(names))
    return Group(generation, 0, 1, 0.5, tuple(candidates))


@pytest.mark.parametrize("name", TASKS)
def test_a_pair_trains_and_the_better_one_is_written_back_last(name):
    evaluator = DownstreamEvaluator({name: TASKS[name]})
    before = {key: value.clone() for key, value in evaluator.weights.tensors.items()}
    (results,) = evaluator.evaluate([group("relativenas", "darts_v2")])
    assert all(np.isfinite(one.loss) and one.loss == one.metrics[f"{name}/loss"] for one in results)
    assert results[0].loss != results[1].loss
    best = ("relativenas", "darts_v2")[int(np.argmin([one.loss for one in results]))]
    after = evaluator.weights.tensors
    changed = {key for key, value in after.items() if key not in before or not torch.equal(value, before[key])}
    assert any(key.startswith(f"{name}/") for key in changed) and any("._ops." in key for key in changed)
    # the shared weights make the better candidate score as it did when it was trained
    again = evaluator.tasks[0].score(evaluator._model(evaluator.tasks[0], group(best).candidates[0], after)[0])
    assert again.loss == min(one.loss for one in results)


def test_equal_operations_on_equal_inputs_share_weights_and_twins_do_not():
    evaluator = DownstreamEvaluator(DETECTION)
    (task,) = evaluator.tasks
    models = [task.build(load_genotype(name)) for name in ("relativenas", "darts_v1", "darts_v2")]
    for model in models:
        names = shared_names(model, task.source, task.name)
        assert len(set(names.values())) == len(names)
    first, second = (set(shared_names(model, task.source, task.name).values()) for model in models[:2])
    assert {name for name in first if "._ops." not in name} == {name for name in second if "._ops." not in name}
    assert any("._ops." in name for name in first & second) and first != second


def test_what_an_operation_starts_from_depends_on_its_name_only():
    evaluator = DownstreamEvaluator(DETECTION, seed=3)
    (task,) = evaluator.tasks
    candidate = group("darts_v2").candidates[0]
    models = [evaluator._model(task, candidate, evaluator.weights.tensors)[0].state_dict() for _ in range(2)]
    torch.rand(5)
    assert all(torch.equal(models[0][key], models[1][key]) for key in models[0])
    other = DownstreamEvaluator(DETECTION, seed=4)
    third = other._model(task, candidate, other.weights.tensors)[0].state_dict()
    key = next(key for key in third if "._ops." in key and key.endswith("1.weight"))
    assert not torch.equal(models[0][key], third[key])


def test_workers_of_the_loader_change_nothing():
    losses = []
    for workers in (0, 2):
        task = {**TASKS["pose"]}
        task["cfg_options"] = {**task["cfg_options"], "train_dataloader": {"batch_size": 4, "num_workers": workers}}
        evaluator = DownstreamEvaluator({"pose": task})
        losses.append([one.loss for one in evaluator.evaluate([group("relativenas", "darts_v2")])[0]])
    assert losses[0] == losses[1]


SEARCH = {"type": "DownstreamEvaluator", "tasks": DETECTION}
STRATEGIES = {
    "slow-fast": {"type": "SlowFastLearning", "population_size": 4, "generations": 1},
    "evolution": {"type": "RegularizedEvolution", "queries": 5, "population_size": 3, "tournament_size": 2},
    "random": {"type": "RandomSearch", "queries": 3},
}
OTHERS = [name for name in STRATEGIES if name != "slow-fast"]


@pytest.mark.parametrize("name", ["slow-fast", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_an_interrupted_search_ends_as_one_that_was_not(name, tmp_path):
    strategy = STRATEGIES[name]
    make_search(tmp_path / "plain", SEARCH, strategy=strategy).run()
    interrupted = make_search(tmp_path / "two", SEARCH, strategy=strategy)
    for _ in range(2):
        interrupted.run_round()
    make_search(tmp_path / "two", SEARCH, strategy=strategy, resume=True).run()
    assert outcome(tmp_path / "two") == outcome(tmp_path / "plain")


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path):
    assert together(tmp_path / "two", SEARCH, 2) == alone(tmp_path / "one", SEARCH)


METRICS = {"detection": "pascal_voc/mAP", "segmentation": "mIoU", "pose": "coco/AP", "classification": "accuracy/top1"}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_the_evaluator_decides(name):
    evaluator = DownstreamEvaluator({name: {**TASKS[name], "metric": METRICS[name], "train_portion": 1.0}})
    ((result,),) = evaluator.evaluate([group("relativenas")])
    assert result.loss == -result.metrics[f"{name}/{METRICS[name]}"] <= 0


def test_rescoring_uses_the_shared_weights():
    evaluator = DownstreamEvaluator(DETECTION)
    ((trained,),) = evaluator.evaluate([group("relativenas")])
    assert evaluator.rescore(group("relativenas").candidates[0]).loss == trained.loss


def test_several_tasks_share_one_backbone():
    names = ("detection", "segmentation")
    tasks = {name: TASKS[name] for name in names}
    evaluator = DownstreamEvaluator(tasks, objective_names=["segmentation/loss"], compare="rank_sum")
    (results,) = evaluator.evaluate([group("relativenas", "darts_v2")])
    assert all({f"{name}/loss" for name in names} <= set(one.metrics) for one in results)
    heads = {key.split("/")[0] for key in evaluator.weights.tensors if "/" in key}
    assert heads == set(names)
    assert sum(key.startswith("backbone.stem0") for key in evaluator.weights.tensors) > 0

    search = {"type": "DownstreamEvaluator", "tasks": tasks}
    options = {"space": {"type": "CellSpace"}, "strategy": STRATEGIES["slow-fast"], "evaluator": search}
    with pytest.raises(UserError, match=r"would ignore segmentation/loss; add them to `objectives`"):
        build_search("unused", **options)
    with pytest.raises(UserError, match="compare is 'rank_sum', but `objectives` is empty"):
        build_search("unused", **options, compare="rank_sum")


@pytest.mark.parametrize("compare", ["pareto", "rank_sum", "lexicographic"])
def test_a_search_for_two_tasks_runs_to_its_end(compare, tmp_path):
    evaluator = {"type": "DownstreamEvaluator", "tasks": {name: TASKS[name] for name in ("detection", "pose")}}
    strategy = {**STRATEGIES["slow-fast"], "population_size": 2, "evaluate_last": False}
    search = make_search(tmp_path, evaluator, strategy=strategy, objectives=["pose/loss"], compare=compare)
    search.run()
    assert len(outcome(tmp_path)["records"]) == 3  # two candidates and their generation


def test_backbone_weights_of_a_search_on_images(tmp_path):
    from helpers import write_cifar10

    found = write_cifar10(tmp_path / "cifar", 4)
    data = {"type": "cifar10", "data_root": str(found)}
    supernet = {"type": "SupernetEvaluator", "data": data, "network": SIZE, "training": {"batch_size": 8}}
    search = make_search(tmp_path / "search", supernet)
    search.run()
    evaluator = DownstreamEvaluator(DETECTION, shared_weights=str(tmp_path / "search"))
    shared = search.evaluator.state_dict()
    key = next(key for key in shared if key.startswith("cells.2._ops."))
    assert torch.equal(evaluator.weights.tensors[f"backbone.{key}"], shared[key])
    ((result,),) = evaluator.evaluate([group("relativenas")])
    assert np.isfinite(result.loss)

    wider = {"detection": _with("detection", backbone={"init_channels": 8, "num_cells": 3})}
    wider["detection"]["cfg_options"]["model"] |= {"neck": {"in_channels": (64, 128)}}
    with pytest.raises(UserError, match="do not fit"):
        DownstreamEvaluator(wider, shared_weights=str(tmp_path / "search"))


def test_backbone_weights_of_a_classifier(tmp_path):
    """The backbone's own `init_cfg`, as in any mm config."""
    task = DownstreamEvaluator({"classification": TASKS["classification"]}).tasks[0]
    torch.manual_seed(9)
    trained = task.build(load_genotype("relativenas"))
    torch.save({"state_dict": trained.state_dict()}, tmp_path / "classifier.pth")
    init = {"type": "Pretrained", "checkpoint": str(tmp_path / "classifier.pth"), "prefix": "backbone."}
    evaluator = DownstreamEvaluator({"detection": _with("detection", backbone={**SIZE, "init_cfg": init})})
    names = shared_names(trained, task.source, "classification")
    for key, value in trained.state_dict().items():
        if key.startswith("backbone."):
            assert torch.equal(evaluator.weights.tensors[names[key]], value)


def _with(name, **model):
    options = TASKS[name]["cfg_options"]
    return {**TASKS[name], "cfg_options": {**options, "model": {**options["model"], **model}}}


def _but(**arguments):
    return {"detection": {**TASKS["detection"], **arguments}}


BAD = {
    "no file": ({"detection": {"config": "gone.py"}}, "the config 'gone.py' does not exist"),
    "metric": (_but(metric="coco/AP"), "does not give the metric 'coco/AP'; it gives 'pascal_voc/"),
    "neck": (
        {"detection": _with("detection", neck={"in_channels": (32, 48), "out_channels": (16, 16, 16, 16)})},
        r"neck and head of .* do not fit the outputs of its backbone, which have \(32, 64\) channels: ",
    ),
    "head": (
        {"detection": _with("detection", bbox_head={"num_classes": 5})},
        r"model.bbox_head.num_classes is 5, but the data of train_dataloader have 8 classes",
    ),
    "backbone": (
        _but(backbone="model.neck"),
        "model.neck of .* has the type 'SSDLiteExtras'; a search needs a CellBackbone there",
    ),
    "rule": (
        {"detection": {**TASKS["detection"], "rule": "more"}},
        "rule of detection is 'more'; allowed are 'greater'",
    ),
    "portion": (
        {"detection": {**TASKS["detection"], "train_portion": 1.0}},
        "train_portion of detection is 1.0; it must",
    ),
    "few": (
        {"detection": {**TASKS["detection"], "train_portion": 0.1}},
        "have 20 samples; .* 2 are for training and 18",
    ),
    "genotype": (
        {"detection": _with("detection", backbone={**SIZE, "genotype": "amoebanet"})},
        "the genotype of the config has other operations or nodes",
    ),
    "tasks": ({}, "tasks of DownstreamEvaluator is {}; it must map names"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence(case):
    tasks, sentence = BAD[case]
    with pytest.raises(UserError, match=sentence):
        evaluator = DownstreamEvaluator(tasks)
        evaluator.evaluate([group("relativenas")])


def test_tasks_with_different_backbones():
    tasks = {"detection": TASKS["detection"], "pose": _with("pose", backbone={**SIZE, "num_cells": 4})}
    with pytest.raises(UserError, match="differ: .*; tasks share one backbone"):
        DownstreamEvaluator(tasks, objective_names=["pose/loss"])


def test_a_comparison_that_the_strategy_does_not_take():
    options = {"space": {"type": "CellSpace"}, "evaluator": SEARCH, "objectives": ["x"], "compare": "rank_sum"}
    with pytest.raises(UserError, match="compare is 'rank_sum', which RefereedLearning of the "):
        build_search("unused", strategy={"type": "RefereedLearning"}, **options)
    with pytest.raises(UserError, match="compare of SlowFastLearning is 'best'; allowed are 'pareto'"):
        SlowFastLearning(CellSpace(), compare="best")
