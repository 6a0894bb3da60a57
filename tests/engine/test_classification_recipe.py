"""Learning rates, drop path and metrics of retraining."""

import types

import pytest
import torch
from helpers import ROOT
from mmengine.registry import HOOKS, METRICS, PARAM_SCHEDULERS

import relnas_mm  # noqa: F401
from relnas_mm.errors import UserError
from relnas_mm.launch import read_config
from relnas_mm.models import CellClassifier

pytestmark = pytest.mark.mm
CONFIGS = ROOT / "configs"


def learning_rates(path, epochs):
    config = read_config(str(CONFIGS / path))
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=config.optim_wrapper.optimizer.lr)
    parts = config.param_scheduler if isinstance(config.param_scheduler, list) else [config.param_scheduler]
    schedulers = [PARAM_SCHEDULERS.build(dict(optimizer=optimizer, **part)) for part in parts]
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates


@pytest.mark.golden
def test_reference_learning_rates_on_imagenet():
    rates = learning_rates("imagenet/relativenas-c46l14_8xb128-250e_imagenet.py", 250)
    expected = [0.1, 0.2, 0.3, 0.4, 0.5] + [0.5 * (245 - e) / 245 for e in range(5, 245)]
    expected += [0.5 * (250 - e) / 1225 for e in range(245, 250)]
    assert rates == pytest.approx(expected, rel=1e-9)
    assert [round(rates[e], 6) for e in (244, 245, 249)] == [0.002041, 0.002041, 0.000408]


@pytest.mark.golden
def test_reference_learning_rates_on_cifar():
    rates = torch.tensor(learning_rates("cifar/relativenas-c36l20_1xb128-600e_cifar10.py", 600), dtype=torch.float64)
    epochs = torch.arange(600, dtype=torch.float64)
    torch.testing.assert_close(rates, 0.0125 * (1 + torch.cos(torch.pi * epochs / 600)), rtol=1e-8, atol=1e-12)


def fake_runner(model, epoch, max_epochs=600):
    hub = types.SimpleNamespace(update_scalar=lambda *_: None)
    return types.SimpleNamespace(model=model, epoch=epoch, max_epochs=max_epochs, message_hub=hub)


def test_drop_path_grows():
    config = read_config(str(CONFIGS / "cifar/relativenas-c36l20_1xb128-600e_cifar10.py"))
    hook = HOOKS.build(config.custom_hooks[0])
    model = CellClassifier(dict(type="CellBackbone", init_channels=4, num_cells=3, stem="cifar"), 10)
    rates = []
    for epoch in (0, 300, 599):
        hook.before_train_epoch(fake_runner(torch.nn.Sequential(model), epoch))
        rates.append(model.backbone.drop_path_rate)
    assert rates == pytest.approx([0.0, 0.15, 0.3 * 599 / 600])
    with pytest.raises(UserError, match="no cells"):
        hook.before_train(fake_runner(torch.nn.Linear(1, 1), 0))
    with pytest.raises(UserError, match="max_rate"):
        HOOKS.build(dict(type="DropPathScheduleHook", max_rate=1.0))


def evaluate(metric, scores, labels, classes=None):
    metric.dataset_meta = classes and {"classes": classes}
    samples = [
        {"pred_scores": torch.tensor(row), "gt_label": torch.tensor(label)} for row, label in zip(scores, labels)
    ]
    metric.process(None, samples)
    return metric.evaluate(len(labels))


def test_accuracy():
    scores = [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]
    metric = METRICS.build(dict(type="Accuracy", topk=(1, 2, 5)))
    found = evaluate(metric, scores, [0, 1, 0, 1])
    assert found == {"accuracy/top1": 25.0, "accuracy/top2": 75.0, "accuracy/top5": 100.0}
    with pytest.raises(UserError, match="topk"):
        METRICS.build(dict(type="Accuracy", topk=(0,)))


def test_confusion(tmp_path):
    metric = METRICS.build(dict(type="ConfusionMatrix", out_dir=str(tmp_path / "deep")))
    found = evaluate(metric, [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 1], ("cat", "dog"))
    assert found == {"confusion/mean_recall": 75.0}
    lines = (tmp_path / "deep" / "confusion_matrix.csv").read_text().splitlines()
    assert lines == ["true/predicted,cat,dog", "cat,1,0", "dog,1,1"]
    assert METRICS.build(dict(type="ConfusionMatrix")).out_dir is None
