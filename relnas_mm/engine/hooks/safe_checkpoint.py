"""Checkpoints that survive a kill at any instant, and from which a training goes on as if nothing had happened."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from relnas_mm.engine.durable_backend import NAME, DurableBackend, remove_unfinished
from relnas_mm.engine.rng import random_state, set_random_state
from relnas_mm.outputs import moved, place_of

RNG, VALIDATED = "rng", "last_validation"
"""Keys of what this hook adds: in the checkpoint, states of the generators by rank; in the message hub, the iteration
after which the last validation was done.
"""


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's `CheckpointHook`, in folders of this machine safe against kills, full disks and power cuts.

    A checkpoint is written to a scratch file, forced to disk, verified and renamed; older ones are removed after that.
    It holds the states of the random generators of every process.  A resumed training restores them, and first repeats
    the validation that had not finished, so that on a CPU it equals an uninterrupted one bit for bit, given
    `WorkerSeedHook` and the same number of processes and workers.

    Args:
        **options: Those of `CheckpointHook`.  With `backend_args` or `file_client_args`, as for remote storage,
            MMEngine writes as usual.
    """

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        local = self.backend_args is None and self.file_client_args is None and "://" not in str(self.out_dir)
        if local:
            self.backend_args = {"backend": NAME}
        self._states: list[dict[str, Any]] | None = None
        self._place: tuple[int, int] | None = None
        self._restored: list[dict[str, Any]] | None = None

    def before_train(self, runner: Runner) -> None:
        """Restores what the checkpoint holds, and repeats a validation that was not finished."""
        super().before_train(runner)
        self._place = place_of(str(self.out_dir))
        if isinstance(self.file_backend, DurableBackend):
            if is_main_process():
                remove_unfinished(Path(str(self.out_dir)))
            self._find_moved()
        for loader in (runner.train_dataloader, getattr(runner.val_loop, "dataloader", None)):
            if isinstance(loader, torch.utils.data.DataLoader):
                # Workers that persist draw a seed when they start; it must not come from the generator of training.
                loader.generator = torch.Generator().manual_seed(0)
        if self._restored is None or runner.iter == 0:
            return
        if len(self._restored) != get_world_size():
            runner.logger.warning(
                f"the checkpoint was written by {len(self._restored)} processes, not {get_world_size()}: the resumed "
                "training draws other random numbers than an uninterrupted one"
            )
            return
        set_random_state(self._restored[get_rank()])
        self.last_ckpt = runner.message_hub.runtime_info.get("last_ckpt")
        if runner.val_loop is not None and self._validation_is_due(runner):
            runner.logger.info("the validation after the checkpoint had not finished; it is repeated")
            runner.val_loop.run()
            runner.model.train()
        if not self.by_epoch:
            loop: Any = runner.train_loop
            loop.dataloader_iterator = _Rewound(loop.dataloader_iterator, runner.iter, random_state())

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keeps the states of the generators."""
        self._restored = checkpoint.get(RNG) if runner._resume else None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Adds the states of the generators."""
        if self._states is not None:
            checkpoint[RNG] = self._states

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Notes that the validation is done, before a better checkpoint is written."""
        runner.message_hub.update_info(VALIDATED, runner.iter)
        with self._keeping():
            super().after_val_epoch(runner, metrics)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        self._states = all_gather_object(random_state())
        if self._place != place_of(str(self.out_dir)):
            raise moved("the work_dir", str(self.out_dir))
        with self._keeping():
            super()._save_checkpoint_with_step(runner, step, meta)
        self._states = None

    def _keeping(self) -> AbstractContextManager[None]:
        return self.file_backend.keeping() if isinstance(self.file_backend, DurableBackend) else nullcontext()

    def _validation_is_due(self, runner: Runner) -> bool:
        """Whether an uninterrupted training would validate at this position, and had not."""
        loop: Any = runner.train_loop
        position, last = (loop.epoch, loop.max_epochs) if self.by_epoch else (loop.iter, loop.max_iters)
        if runner.message_hub.runtime_info.get(VALIDATED) == runner.iter:
            return False
        return position >= loop.val_begin and (position % loop.val_interval == 0 or position == last)

    def _find_moved(self) -> None:
        """Looks for the best checkpoints in this work_dir, where a moved one names those of its old place."""
        if self.save_best is None:
            return
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = self._here(self.best_ckpt_path)
        else:
            self.best_ckpt_path_dict = {key: self._here(path) for key, path in self.best_ckpt_path_dict.items()}

    def _here(self, path: str | None) -> str | None:
        here = path and Path(str(self.out_dir), Path(path).name)
        return str(here) if here and here.is_file() else path


class _Rewound:
    """Iterator of training batches that restores the generators where the interrupted training stood.

    Args:
        batches: The iterator of the loop, which skips what was trained already.
        skipped: Number of batches that are skipped.
        state: States of the generators after them.
    """

    def __init__(self, batches: Iterator[Any], skipped: int, state: dict[str, Any]):
        self._batches, self._left, self._state = batches, skipped, state

    def __iter__(self) -> "_Rewound":
        return self

    def __next__(self) -> Any:
        if self._left == 0:
            set_random_state(self._state)
        self._left -= 1
        return next(self._batches)
