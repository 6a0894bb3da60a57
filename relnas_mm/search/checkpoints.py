"""Saving the state of a running search, and restoring it."""

import time
from typing import Any

import numpy as np

from relnas_mm.evaluators import Evaluator
from relnas_mm.search.state_files import State
from relnas_mm.search.store import RunStore
from relnas_mm.strategies import Strategy


class Checkpointer:
    """Saves strategy and evaluator in a run store, and restores them.

    Args:
        store: The run store; resuming truncates its records to their length at the checkpoint.
        strategy: Strategy of the search.
        evaluator: Evaluator of the search.
    """

    def __init__(self, store: RunStore, strategy: Strategy, evaluator: Evaluator):
        self.store, self.strategy, self.evaluator = store, strategy, evaluator
        self._saved_at = time.monotonic()
        self._saved_step = -1

    def snapshot(self) -> State:
        """Returns the current state without copying: weights are replaced, never changed in place."""
        parts = self.strategy.state_dict()
        arrays = {key: value for key, value in parts.items() if isinstance(value, np.ndarray)}
        values = {key: value for key, value in parts.items() if key not in arrays}
        return State(self.evaluator.state_dict(), arrays, {"strategy": values, "records": self.store.records.length})

    def save(self, groups_done: int, state: State) -> None:
        """Saves a state, unless that step has been saved already.

        Raises:
            UserError: It cannot be written.
        """
        if groups_done != self._saved_step:
            self.store.records.sync()
            self.store.checkpoints.save(groups_done, state)
            self._saved_step = groups_done
        self._saved_at = time.monotonic()

    def save_if_due(self, groups_done: int, state: State) -> None:
        """Saves a state if `save_every` seconds have passed since the last save."""
        if time.monotonic() - self._saved_at >= self.store.save_every:
            self.save(groups_done, state)

    def resume(self) -> tuple[int, tuple[str, ...]]:
        """Restores the newest usable step, or starts over if none was saved.

        Returns:
            Number of groups done, and one message for each unusable step.

        Raises:
            UserError: There are steps, but none is usable.
        """
        loaded = self.store.checkpoints.load_newest()
        if loaded is None:
            self.store.records.cut(0)
            return 0, ()
        values: dict[str, Any] = dict(loaded.state.values)
        self.strategy.load_state_dict({**values["strategy"], **loaded.state.arrays})
        self.evaluator.load_state_dict(loaded.state.tensors)
        self.store.records.cut(values["records"])
        self._saved_step = loaded.step
        return loaded.step, loaded.skipped
