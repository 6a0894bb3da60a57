"""Searches as training loops of MMEngine's Runner: adapters of `SearchRun` and `DartsSearch`."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from mmengine.device import get_device
from mmengine.registry import LOOPS
from mmengine.runner import BaseLoop, Runner

from relnas_mm.errors import UserError
from relnas_mm.search.builder import build_search
from relnas_mm.search.darts import DartsSearch
from relnas_mm.search.run import SearchRun

SUPPLIED = {"folder", "seed", "device"}
"""Arguments that the Runner supplies; a config must not set them."""


class _Loop(BaseLoop):
    """Builds a search from its config and runs it.

    Args:
        runner: The Runner; the search takes its seed, and its work_dir as the folder of the run store.
        dataloader: Ignored; searches load their own data.
        **settings: Arguments of `builds`.

    Raises:
        UserError: A setting is missing, unknown or out of range, or the components are incompatible.
    """

    builds: ClassVar[Callable[..., SearchRun | DartsSearch]]

    def __init__(self, runner: Runner, dataloader: Any, **settings: Any):
        super().__init__(runner, None)  # type: ignore[arg-type]
        self.check_settings(settings)
        self.search = type(self).builds(runner.work_dir, seed=int(runner.seed or 0), device=get_device(), **settings)
        self.search.logger, self.search.report = runner.logger, runner.visualizer.add_scalars

    @classmethod
    def check_settings(cls, settings: dict[str, Any]) -> None:
        """Checks the names of the settings.

        Raises:
            UserError: A setting is missing or unknown.
        """
        parameters = inspect.signature(cls.builds).parameters
        allowed = set(parameters) - SUPPLIED
        if unknown := sorted(set(settings) - allowed):
            raise UserError(f"train_cfg of type {cls.__name__} does not take {unknown}; it takes {sorted(allowed)}")
        needed = {name for name in allowed if parameters[name].default is inspect.Parameter.empty}
        if missing := sorted(name for name in needed if settings.get(name) is None):
            raise UserError(f"train_cfg of type {cls.__name__} lacks {missing}")

    @property
    def iter(self) -> int:
        """Number of groups or epochs done."""
        return self.search.progress.done

    @property
    def max_iters(self) -> int:
        """Number of groups or epochs of the search."""
        return self.search.progress.total

    def run(self) -> Any:
        """Runs the search to its end."""
        self.search.run()
        self.runner.visualizer.close()  # trackers upload what is in the work_dir
        return self.runner.model


@LOOPS.register_module()
class SearchLoop(_Loop):
    """Runs a `SearchRun`; settings are the arguments of `build_search`."""

    builds = staticmethod(build_search)


@LOOPS.register_module()
class DartsLoop(_Loop):
    """Runs a `DartsSearch`; settings are its arguments."""

    builds = DartsSearch
