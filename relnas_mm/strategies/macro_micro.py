"""The global search for depth, width, operations and kernel sizes of a network (Siddiqui et al., 2025)."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from relnas_mm.architectures import Chain
from relnas_mm.errors import UserError
from relnas_mm.spaces.macro_micro import MacroMicroSpace
from relnas_mm.strategies.base import Candidate, Feasible, Group, Losses, Scored, Strategy
from relnas_mm.strategies.macro_micro_forecast import work_left, work_of
from relnas_mm.strategies.macro_micro_stages import STAGES, Rules, Score, Stages, Trial
from relnas_mm.strategies.objectives import told_losses

FINAL_WIDTHS = ("macro", "narrowed")


class MacroMicroSearch(Strategy):
    """Searches depth, then width, then the operation and the kernel size of each layer (`Stages`).

    The defaults are the constants of the reference implementation.  Losses must be errors in percent, as from
    `StandAloneEvaluator(objective="error")`, since margins are percentage points.  With two objectives the second is
    the error on the training images, 'train_error', which can end the search for depth.  Each candidate is a group and
    a generation of its own, and sets its number of epochs.

    Args:
        space: Bounds of depth, width and parameters.
        rules: Fields of `Rules`.
        final_width: Width of the winner.  'macro', as in the final training of the reference implementation, is that of
            the second stage, unless that exceeds the budget; 'narrowed' is that at which operations and kernel sizes
            were compared.
        feasible: Whether a network is within the budget, in addition to the space's own; `None` allows all.
        objectives: 1, or 2 with the error on the training images.

    Raises:
        UserError: The space is no `MacroMicroSpace`, or a value is out of range.
    """

    required_objective: ClassVar[str | None] = "error"

    def __init__(
        self,
        space: MacroMicroSpace,
        rules: Mapping[str, Any] | None = None,
        final_width: str = "macro",
        feasible: Feasible | None = None,
        objectives: int = 1,
    ):
        if not isinstance(space, MacroMicroSpace):
            raise UserError(f"MacroMicroSearch searches a MacroMicroSpace, not a {type(space).__name__}")
        if final_width not in FINAL_WIDTHS:
            raise UserError(f"final_width is {final_width!r}; allowed are {', '.join(map(repr, FINAL_WIDTHS))}")
        if objectives not in (1, 2):
            raise UserError(
                f"MacroMicroSearch has {objectives!r} objectives; it takes the error and, at most, 'train_error'"
            )
        self.space, self.rules, self.final_width = space, Rules(**rules or {}), final_width
        self.feasible, self.objectives = feasible, objectives
        self._begin()

    @property
    def stages(self) -> Stages:
        """State of the greedy search."""
        return self._stages

    @property
    def done(self) -> bool:
        """Whether all four stages are finished."""
        return self._trial is None

    @property
    def total_groups(self) -> int:
        """Estimated number of candidates of the whole search."""
        return len(self._losses) + self._forecast()[0]

    @property
    def work_left(self) -> float:
        """Expected work of the remaining candidates, in multiply-adds of one image times epochs."""
        return self._forecast()[1]

    def ranking(self) -> list[Scored]:
        """The last accepted network only, as accuracies of other stages are not comparable."""
        stages = self._stages
        if stages.kept is None or stages.accuracy <= 0:
            return []
        return [Scored(self._candidate(self._winner(stages.kept)), 100.0 - stages.accuracy)]

    def ask(self) -> Group:
        """The next candidate; the same one until `tell`.

        Raises:
            UserError: The search is done.
        """
        if self._trial is None:
            raise UserError("the global search is done after its four stages; there is nothing to ask for")
        if self._asked is None:
            self._asked = self._candidate(self._trial.chain, self._trial.epochs)
        told, work = len(self._losses), work_of(self._trial)
        progress = self._done_work / (self._done_work + self.work_left)
        return Group(told, 0, 1, progress, (self._asked,), self._trial.stage, work)

    def tell(self, group: Group, losses: Losses) -> None:
        """Records the error of the candidate, in percent; a diverged one has an accuracy of 0.

        Raises:
            UserError: The group is another one, or the number of losses is wrong.
        """
        if self._asked is None or group.candidates[0] is not self._asked or len(losses) != 1:
            raise UserError(
                f"{len(losses)} losses were told for candidate {group.generation} of the global search; one for the "
                "candidate that was asked for last is expected"
            )
        self._take(np.atleast_1d(told_losses(losses, self.objectives)[0]))

    def state_dict(self) -> dict[str, Any]:
        """All losses, from which a strategy with the same arguments replays the search."""
        return {"losses": np.array(self._losses, dtype=np.float64).reshape(-1, self.objectives)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores the state from the result of `state_dict`.

        Raises:
            UserError: The state has more losses than this search asks for.
        """
        self._begin()
        for row in np.asarray(state["losses"], dtype=np.float64):
            if self.done:
                raise UserError(f"the state holds {len(state['losses'])} losses; this search asks for fewer")
            self._take(row)

    def _allows(self, chain: Chain) -> bool:
        return self.space.allows(chain) and (self.feasible is None or self.feasible(chain))

    def _begin(self) -> None:
        self._losses: list[np.ndarray] = []
        self._in_stage: dict[str, int] = dict.fromkeys(STAGES, 0)
        self._done_work = 0.0
        self._asked: Candidate | None = None
        self._stages = Stages(self.space, self.rules, self._allows)
        self._walk = self._stages.walk()
        self._trial: Trial | None = next(self._walk)

    def _take(self, row: np.ndarray) -> None:
        assert self._trial is not None
        self._losses.append(row)
        self._in_stage[self._trial.stage] += 1
        self._done_work += work_of(self._trial)
        self._asked = None
        accuracy = 100.0 - float(row[0]) if np.isfinite(row[0]) else 0.0
        training = 100.0 - float(row[1]) if len(row) > 1 else float("nan")
        try:
            self._trial = self._walk.send(Score(accuracy, training))
        except StopIteration:
            self._trial = None

    def _forecast(self) -> tuple[int, float]:
        if self._trial is None:
            return 0, 0.0
        return work_left(self._stages, self._trial, self._in_stage[self._trial.stage])

    def _winner(self, chain: Chain) -> Chain:
        macro = self._stages.macro
        if self.final_width == "macro" and macro is not None and self._allows(chain.with_width(macro.width)):
            return chain.with_width(macro.width)
        return chain

    def _candidate(self, chain: Chain, epochs: int | None = None) -> Candidate:
        return Candidate(0, self.space.encode(chain), chain, epochs)
