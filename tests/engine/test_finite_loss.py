"""A training that diverges ends in one sentence, before its weights reach a checkpoint."""

import re

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from test_hooks import Small

from relnas_mm.engine.hooks import FiniteLossHook
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm


class Diverging(Small):
    """Its loss, or a parameter behind its back, is not finite from an iteration on."""

    def __init__(self, loss_from=10**9, weight_from=10**9, value=float("nan")):
        super().__init__()
        self.loss_from, self.weight_from, self.value, self.calls = loss_from, weight_from, value, 0

    def forward(self, inputs, mode="tensor"):
        result = super().forward(inputs, mode)
        if mode != "loss":
            return result
        self.calls += 1
        if self.calls >= self.weight_from:
            next(self.parameters()).data.fill_(self.value)
            return {"loss_made_up": result["loss"].detach() * 0 + torch.zeros(1, requires_grad=True).sum()}
        wrong = self.value if self.calls >= self.loss_from else 0.0
        return {"loss_cls": result["loss"] + wrong, "acc_empty": torch.tensor(float("nan"))}


def trained(folder, model, interval=1, epochs=3):
    """A training of two iterations an epoch; gives the files of its work_dir."""
    loader = torch.utils.data.DataLoader(
        torch.ones(4, 3, 8, 8), batch_size=2, collate_fn=lambda rows: dict(inputs=torch.stack(rows))
    )
    runner = Runner(
        model,
        str(folder),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.125)),
        default_hooks=dict(checkpoint=dict(type="SafeCheckpointHook", interval=1)),
        custom_hooks=[dict(type="FiniteLossHook", interval=interval)],
        experiment_name=folder.name,
        cfg=Config(),
    )
    runner.train()
    return runner


def checkpoints(folder):
    return sorted(path.name for path in folder.glob("*.pth"))


@pytest.mark.parametrize("value, word", [(float("nan"), "nan"), (float("inf"), "inf"), (-float("inf"), "-inf")])
def test_a_loss_that_is_not_finite_ends_the_training(value, word, tmp_path):
    with pytest.raises(UserError) as refused:
        trained(tmp_path, Diverging(loss_from=4, value=value))
    told = str(refused.value)
    assert re.match(rf"training diverged: .*loss_cls is {word}.* in iteration 4; lower the learning rate", told)
    assert "(it is 0.125)" in told and "acc_empty" not in told
    assert checkpoints(tmp_path) == ["epoch_1.pth"]


def test_weights_that_are_not_finite_reach_no_checkpoint(tmp_path):
    with pytest.raises(UserError, match="^the parameter '.*weight' is not finite after iteration 4, so no checkpoint"):
        trained(tmp_path, Diverging(weight_from=4))
    assert checkpoints(tmp_path) == ["epoch_1.pth"]


def test_a_finite_training_is_left_alone(tmp_path):
    trained(tmp_path, Diverging(), epochs=1)
    assert checkpoints(tmp_path) == ["epoch_1.pth"]


def test_losses_wait_for_the_gpu_now_and_then_only(tmp_path, monkeypatch):
    """What is looked at, and when, on a device whose figures cost time."""
    hook, looks = FiniteLossHook(interval=3), []
    monkeypatch.setattr(hook, "_look", lambda runner: (looks.append(runner.iter), hook._seen.clear()))

    class OnGpu(torch.Tensor):
        is_cuda = True

    class Stand:
        iter = 0

    for number in range(7):
        Stand.iter = number
        hook.after_train_iter(Stand, number, outputs={"loss": torch.zeros(()).as_subclass(OnGpu), "lr": 1.0})
    assert looks == [2, 5]


def test_an_interval_below_one_is_refused():
    with pytest.raises(UserError, match="interval of FiniteLossHook is 0; it must be at least 1"):
        FiniteLossHook(interval=0)
