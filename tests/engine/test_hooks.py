"""Hooks do what their names say."""

import types

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import HOOKS
from mmengine.runner import Runner

import relnas_mm  # noqa: F401
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm


class Small(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 2, 3)

    def forward(self, inputs, mode="tensor"):
        out = self.layer(inputs).mean()
        return dict(loss=out) if mode == "loss" else [out]


class Seen(Hook):
    """Notes what runs when."""

    def __init__(self):
        self.events = []

    def after_val_epoch(self, runner, metrics=None):
        self.events.append(("val", runner.iter, metrics["score"]))

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.events.append(("train", runner.iter, runner.model.training))


class Score(Evaluator):
    """Counts how often it was asked."""

    def __init__(self):
        super().__init__([])
        self.asked = 0

    def process(self, data_samples, data_batch=None):
        pass

    def evaluate(self, size):
        self.asked += 1
        return {"score": self.asked}


def runner(folder, seen, hook, resume=False, epochs=1):
    def loader():
        return torch.utils.data.DataLoader(
            torch.zeros(4, 3, 8, 8), collate_fn=lambda rows: dict(inputs=torch.stack(rows)), batch_size=2
        )

    return Runner(
        Small(),
        str(folder),
        train_dataloader=loader(),
        val_dataloader=loader(),
        val_evaluator=Score(),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)),
        custom_hooks=[hook, seen],
        resume=resume,
        default_scope="mmengine",
        log_level="ERROR",
        experiment_name=f"{folder.name}-{epochs}-{resume}",
    )


def test_the_untrained_model_is_scored_once_and_training_goes_on(tmp_path):
    seen = Seen()
    runner(tmp_path, seen, dict(type="ValidateBeforeTrainHook")).train()
    assert seen.events == [("val", 0, 1), ("train", 0, True), ("train", 1, True), ("val", 2, 2)]
    again = Seen()
    runner(tmp_path, again, dict(type="ValidateBeforeTrainHook"), resume=True, epochs=2).train()
    assert [event[:2] for event in again.events] == [("train", 2), ("train", 3), ("val", 4)]


def test_channels_last(tmp_path):
    first = runner(tmp_path, Seen(), HOOKS.build(dict(type="ChannelsLastHook")))
    before = first.model.layer.weight.clone()
    first.call_hook("before_run")
    weight = first.model.layer.weight
    assert weight.is_contiguous(memory_format=torch.channels_last) and torch.equal(weight, before)


def test_channels_last_refuses_a_sharded_model():
    """Several processes without shards are in tests/e2e/test_classification_tools.py."""
    from mmengine.registry import MODEL_WRAPPERS

    @MODEL_WRAPPERS.register_module(force=True)
    class Sharded(torch.nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

    hook = HOOKS.build(dict(type="ChannelsLastHook"))
    try:
        with pytest.raises(UserError, match="cannot convert a Sharded"):
            hook.before_run(types.SimpleNamespace(model=Sharded(torch.nn.Identity())))
    finally:
        MODEL_WRAPPERS.module_dict.pop("Sharded")
