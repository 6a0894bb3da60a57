"""Random streams of data loaders that depend on the epoch, whatever the workers did before."""

import random
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch.utils.data import get_worker_info

from relnas_mm.checks.samples import innermost
from relnas_mm.seeding import stream_seed


class EpochSeed:
    """First transform of a pipeline: seeds a process at its first sample of each epoch.

    Args:
        seed: Seed of the run.
        rank: Rank of the training process.
    """

    def __init__(self, seed: int, rank: int):
        self.seed, self.rank = seed, rank
        self.epoch = torch.zeros(1, dtype=torch.int64).share_memory_()  # set in the main process, read by workers
        self._seeded = -1

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Returns its input."""
        epoch = int(self.epoch)
        if epoch != self._seeded:
            self._seeded = epoch
            worker = get_worker_info()
            name = "main process" if worker is None else f"worker {worker.id}"
            seed = stream_seed(self.seed, f"pipelines of {name}", epoch, self.rank)
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002  (transforms of mm packages draw from it)
            torch.manual_seed(seed)
        return results

    def __repr__(self) -> str:
        return f"EpochSeed(seed={self.seed}, rank={self.rank})"


@HOOKS.register_module()
class WorkerSeedHook(Hook):
    """Seeds the workers of the training data at the start of each epoch by seed, epoch, rank and worker.

    MMEngine seeds workers when they start.  Workers that are not persistent therefore repeat their random numbers in
    every epoch, and a resumed training continues with those of its first epoch.  With this hook epochs differ, and an
    epoch draws the same after a resume, for the same number of workers.  An epoch of a loop that counts iterations is a
    pass over the data.
    """

    priority = "VERY_HIGH"

    def before_train(self, runner: Runner) -> None:
        """Puts the seeding transform first in every pipeline of the training data."""
        seed: Any = runner.seed
        self._transform = EpochSeed(int(seed), get_rank())
        _announce_passes(runner.train_dataloader, self._transform)
        for dataset in innermost(runner.train_dataloader.dataset):
            transforms = getattr(getattr(dataset, "pipeline", None), "transforms", None)
            if isinstance(transforms, list):
                transforms.insert(0, self._transform)

    def before_train_epoch(self, runner: Runner) -> None:
        """Announces the epoch to all workers."""
        self._transform.epoch.fill_(runner.epoch)


def _announce_passes(loader: Any, transform: EpochSeed) -> None:
    """Lets a loop that counts iterations announce its passes.

    When the data end, MMEngine calls the sampler's `set_epoch` with the number of the next pass, and then starts the
    workers again; no hook is called in between.
    """
    sampler = loader.sampler if hasattr(loader.sampler, "set_epoch") else getattr(loader.batch_sampler, "sampler", None)
    set_epoch = getattr(sampler, "set_epoch", None)
    if set_epoch is None:
        return

    def announced(epoch: int) -> None:
        transform.epoch.fill_(epoch)
        set_epoch(epoch)

    sampler.set_epoch = announced  # type: ignore[union-attr]
