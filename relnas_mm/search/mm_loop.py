"""The search as a training loop of MMEngine's Runner: an adapter of `SearchRun`."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.device import get_device
from mmengine.registry import LOOPS
from mmengine.runner import BaseLoop, Runner

from relnas_mm.errors import UserError
from relnas_mm.search.builder import build_search
from relnas_mm.search.darts.search import DartsSearch
from relnas_mm.search.store import RunStore


@LOOPS.register_module()
class SearchLoop(BaseLoop):
    """Builds the parts of a `SearchRun` from their configs, and runs it.

    Args:
        runner: The Runner; its seed is the seed of the search, its work_dir the folder of the store.
        dataloader: Ignored: evaluators read their own data.
        space: Config of the space.
        strategy: Config of the strategy.
        evaluator: Config of the evaluator.
        budget: Config of `Budget`: the network the winner is meant for, and what it may cost there.  `None` allows
            everything and counts no costs.
        objectives: What is minimized beside the loss (`SearchRun`).
        rerank: How many of the best are scored again before the winner is chosen (`SearchRun`).
        resume: Whether to continue what the store holds.
        save_every: Seconds between checkpoints; 0 saves after each group.
        keep: How many checkpoints stay.

    Raises:
        UserError: A part cannot be built, or parts do not fit together.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        space: Mapping[str, Any],
        strategy: Mapping[str, Any],
        evaluator: Mapping[str, Any],
        budget: Mapping[str, Any] | None = None,
        objectives: Sequence[str] = (),
        rerank: int = 0,
        resume: bool = False,
        save_every: float = 30.0,
        keep: int = 2,
    ):
        super().__init__(runner, None)  # type: ignore[arg-type]
        self.search = build_search(
            runner.work_dir,
            space,
            strategy,
            evaluator,
            budget,
            objectives,
            rerank,
            save_every,
            keep,
            int(runner.seed or 0),
            get_device(),
            resume=resume,
            logger=runner.logger,
            report=runner.visualizer.add_scalars,
        )

    @classmethod
    def settings(cls) -> set[str]:
        """Names of what a config may set."""
        return set(inspect.signature(cls).parameters) - {"runner", "dataloader"}

    @property
    def iter(self) -> int:
        """Groups told so far."""
        return self.search.progress.done

    @property
    def max_iters(self) -> int:
        """Groups of the whole search."""
        return self.search.progress.total

    def run(self) -> Any:
        """Runs the search to its end (`SearchRun.run`)."""
        self.search.run()
        return self.runner.model


@LOOPS.register_module()
class DartsLoop(BaseLoop):
    """Runs a `DartsSearch`.

    Args:
        runner: The Runner; its seed is the seed of the search, its work_dir the folder of the store.
        dataloader: Ignored.
        data: Arguments of `load_images`.
        resume: Whether to continue what the store holds.
        keep: How many checkpoints stay.
        **settings: Arguments of `DartsSearch`.

    Raises:
        UserError: There are no images, there are several processes, or a setting is unknown or out of range.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        data: Mapping[str, Any] | None = None,
        resume: bool = False,
        keep: int = 2,
        **settings: Any,
    ):
        super().__init__(runner, None)  # type: ignore[arg-type]
        allowed = DartsSearch.settings()
        if unknown := sorted(set(settings) - allowed):
            raise UserError(f"DartsLoop does not take {unknown}; it takes {sorted(allowed)}")
        if data is None:
            raise UserError("DartsLoop needs images (`data`) for its gradients, but was given none; tables have none")
        if runner.world_size > 1:
            raise UserError(f"the launcher started {runner.world_size} processes; DARTS searches in one")
        self.search = DartsSearch(
            data,
            RunStore(runner.work_dir, keep),
            **settings,
            seed=int(runner.seed or 0),
            device=get_device(),
            resume=resume,
            logger=runner.logger,
            report=runner.visualizer.add_scalars,
        )

    @classmethod
    def settings(cls) -> set[str]:
        """Names of what a config may set."""
        return DartsSearch.settings() | {"resume", "keep"}

    @property
    def iter(self) -> int:
        """Epochs that are done."""
        return self.search.progress.done

    @property
    def max_iters(self) -> int:
        """Epochs of the whole search."""
        return self.search.progress.total

    def run(self) -> Any:
        """Runs the search to its end (`DartsSearch.run`)."""
        self.search.run()
        return self.runner.model
