"""Ends a run before its first step when data, model and checkpoint contradict each other."""

from collections.abc import Iterator
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.checks.contract import Labels, empty_classes, label_contradictions, labels_of
from relnas_mm.checks.samples import innermost, size_contradictions
from relnas_mm.datasets.left_out import in_words
from relnas_mm.engine.unwrap import unwrapped
from relnas_mm.errors import UserError


@HOOKS.register_module()
class DataCheckHook(Hook):
    """Compares classes or joints of training, validation, test data, heads and checkpoint, by number, name and order.

    Sizes in annotations of data sets that do not check them themselves are compared with the headers of the image
    files.  At the end of the run it repeats what the data sets left out.  `tools/train.py` and `tools/test.py` add it;
    `default_hooks.data_check=None` leaves it out.

    Raises:
        UserError: They contradict each other.
    """

    priority = "VERY_HIGH"

    def __init__(self) -> None:
        self._checkpoint: Labels | None = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Notes what the checkpoint was trained on."""
        meta = checkpoint.get("meta")
        self._checkpoint = labels_of(meta.get("dataset_meta")) if isinstance(meta, dict) else None

    def before_train(self, runner: Runner) -> None:
        """Checks training and validation data; the checkpoint if it is resumed, as fine-tuning changes classes."""
        loaders = {"train_dataloader": runner.train_dataloader}
        if runner.val_loop is not None:
            loaders["val_dataloader"] = runner.val_dataloader
        self._check(runner, loaders, self._checkpoint if runner._resume else None)

    def before_test(self, runner: Runner) -> None:
        """Checks the test data."""
        self._check(runner, {"test_dataloader": runner.test_dataloader}, self._checkpoint)

    def after_train(self, runner: Runner) -> None:
        """Repeats what was left out."""
        _repeat_left_out(runner, {"train_dataloader": runner.train_dataloader})

    def after_test(self, runner: Runner) -> None:
        """Repeats what was left out."""
        _repeat_left_out(runner, {"test_dataloader": runner.test_dataloader})

    def _check(self, runner: Runner, loaders: dict[str, Any], checkpoint: Labels | None) -> None:
        model = unwrapped(runner.model)
        datasets = {name: loader.dataset for name, loader in loaders.items()}
        found = {name: labels_of(getattr(dataset, "metainfo", None)) for name, dataset in datasets.items()}
        labels = {name: known for name, known in found.items() if known}
        problems = [sentence for _, sentence in label_contradictions(labels, model, checkpoint)]
        if train := labels.get("train_dataloader"):
            problems += _empty_classes(datasets["train_dataloader"], train)
        if is_main_process():  # the other ranks would read the same headers
            for name, dataset in datasets.items():
                problems += size_contradictions(dataset, name)
        if problems:
            raise UserError("\n".join(problems))


def _empty_classes(dataset: Any, labels: Labels) -> Iterator[str]:
    for part in innermost(dataset):
        if hasattr(part, "class_counts") and (
            problem := empty_classes(part.class_counts(), labels.names, "train_dataloader")
        ):
            yield problem


def _repeat_left_out(runner: Runner, loaders: dict[str, Any]) -> None:
    for name, loader in loaders.items():
        for part in innermost(loader.dataset):
            if left_out := getattr(part, "left_out", None):
                runner.logger.warning(f"{name} left out: {in_words(left_out)}")
