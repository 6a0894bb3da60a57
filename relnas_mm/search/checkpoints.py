"""What of a running search is saved, and how it is put back."""

import time
from typing import Any

import numpy as np

from relnas_mm.evaluators import Evaluator
from relnas_mm.search.state_files import State
from relnas_mm.search.store import RunStore
from relnas_mm.strategies import Strategy


class Checkpointer:
    """Saves a search in a run store, and continues it from there.

    Args:
        store: The run store; its records are cut to the length that they had when a step was saved.
        strategy: Its state is saved.
        evaluator: Its state is saved.
    """

    def __init__(self, store: RunStore, strategy: Strategy, evaluator: Evaluator):
        self.store, self.strategy, self.evaluator = store, strategy, evaluator
        self._saved_at = time.monotonic()
        self._saved_step = -1

    def snapshot(self) -> State:
        """The state of this moment; cheap, since weights are replaced and never changed in place."""
        parts = self.strategy.state_dict()
        arrays = {key: value for key, value in parts.items() if isinstance(value, np.ndarray)}
        values = {key: value for key, value in parts.items() if key not in arrays}
        return State(self.evaluator.state_dict(), arrays, {"strategy": values, "records": self.store.records.length})

    def save(self, groups_done: int, state: State) -> None:
        """Saves a state, unless that step is there already.

        Raises:
            UserError: It cannot be written.
        """
        if groups_done != self._saved_step:
            self.store.records.sync()
            self.store.checkpoints.save(groups_done, state)
            self._saved_step = groups_done
        self._saved_at = time.monotonic()

    def save_if_due(self, groups_done: int, state: State) -> None:
        """Saves a state if the last save was `save_every` seconds ago."""
        if time.monotonic() - self._saved_at >= self.store.save_every:
            self.save(groups_done, state)

    def resume(self) -> tuple[int, tuple[str, ...]]:
        """Puts the newest usable step back, or the beginning if nothing was saved.

        Returns:
            How many groups are done, and one sentence for each step that was not usable.

        Raises:
            UserError: There are steps, but none of them is usable.
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
