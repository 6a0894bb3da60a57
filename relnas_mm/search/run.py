"""The search loop as a library, without config or Runner."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from relnas_mm.architectures import Architecture
from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation, Evaluator
from relnas_mm.evaluators.distributed import barrier, world
from relnas_mm.interruption import Interrupted, deferred, interruptible
from relnas_mm.search.budget import Budget
from relnas_mm.search.checkpoints import Checkpointer
from relnas_mm.search.objectives import losses_of
from relnas_mm.search.overview import write_overview
from relnas_mm.search.progress import Progress, Report
from relnas_mm.search.records import candidate_records
from relnas_mm.search.store import RunStore
from relnas_mm.search.summary import generation_line, generation_record, log_line
from relnas_mm.search.winner import choose_winner
from relnas_mm.spaces import Space
from relnas_mm.strategies import Group, Strategy

OVERVIEW_EVERY = 60.0
"""Minimum number of seconds between two overviews of a running search."""
OVERVIEW_SHARE = 0.01
"""Maximum share of the running time spent on overviews."""


class SearchRun:
    """Asks a strategy for groups, evaluates them and tells the losses, with checkpoints on the way.

    In a distributed search every process runs the strategy, the candidates are divided among the processes, and rank 0
    writes the files.  The result equals that of one process, bit for bit.

    The folder of the run store receives `records.jsonl` (one line per candidate and per generation), `run_store/`
    (checkpoints), the overview (`search_curve.png`, `pareto.png`, `replay.html`), and the winner with its plots.

    Args:
        space: Search space.
        strategy: Proposes groups of candidates.
        evaluator: Scores them.
        store: Run store for records, checkpoints and results.
        budget: Computes the recorded costs; its limits take effect in a strategy built with `feasible=budget.allows`.
        objectives: Objectives minimized besides the loss: metrics of the evaluator such as 'latency', or costs of the
            budget such as 'macs'.  The winner is the candidate with the lowest loss in any case.
        rerank: Number of top candidates scored again, more precisely, before the winner is chosen; 0 for none.
        resume: Whether to resume from the run store.

    Attributes:
        logger: Logger of the search.
        report: Callback for the scalars of each generation.
        meta: Metadata saved with the winner.
        overview: Whether to write the overview.

    Raises:
        UserError: The components are incompatible, or the folder holds a search that is not to be resumed.
    """

    def __init__(
        self,
        space: Space,
        strategy: Strategy,
        evaluator: Evaluator,
        store: RunStore,
        budget: Budget | None = None,
        objectives: Sequence[str] = (),
        rerank: int = 0,
        resume: bool = False,
    ):
        check_parts(space, strategy, evaluator, budget, objectives)
        self.space, self.strategy, self.evaluator, self.store = space, strategy, evaluator, store
        self.budget, self.objectives, self.rerank, self.resume = budget, tuple(objectives), rerank, resume
        self.logger = logging.getLogger("relnas_mm")
        self.report: Report = lambda numbers, generation: None
        self.meta: dict[str, Any] = {}
        self.overview = True
        self.is_main_process = world()[0] == 0
        self.progress = Progress(strategy.total_groups)
        self._checkpointer = Checkpointer(store, strategy, evaluator)
        self._overview_at = time.monotonic() + OVERVIEW_EVERY
        if self.is_main_process:
            store.open(resume)

    def run(self) -> Architecture:
        """Runs the search to its end and writes the winner.

        A signal that asks for an end (Ctrl-C, SIGTERM, SIGHUP) saves the completed groups first.

        Returns:
            The winner.

        Raises:
            UserError: A checkpoint or a result cannot be written, or every candidate diverged.
            Interrupted: A signal asked for an end.
        """
        if estimate := self.evaluator.memory_estimate():
            self.logger.info(estimate.sentence())
        if self.budget is not None and self.budget.latency_table is not None:
            self.logger.info(f"latency is predicted for {self.budget.latency_table.words}")
        if self.resume:
            self._resume()
        self._complete = self.progress.done, self._checkpointer.snapshot()
        try:
            with interruptible():
                while not self.strategy.done:
                    self.run_round()
                winner = choose_winner(self.strategy, self.evaluator, self.rerank)
                if self.is_main_process:
                    self._checkpointer.save(*self._complete)
                    self._write_results(winner.candidate.architecture, winner.loss, winner.candidate.number)
        except KeyboardInterrupt as request:
            if self.is_main_process:
                with deferred():
                    self._checkpointer.save(*self._complete)
                done = f"{self.progress.done} groups are saved"
                self.logger.warning(Interrupted.of(request, f"{done}, continue with --resume"))
            raise
        return winner.candidate.architecture

    def run_round(self) -> None:
        """Evaluates one group, or all groups that start from the same shared weights, to occupy several processes."""
        start = time.perf_counter()
        count = self.evaluator.groups_per_round(self.strategy.ask())
        groups = self.strategy.ask_ahead(2 * count)
        groups, upcoming = groups[:count], groups[count:]
        evaluations = self.evaluator.evaluate(groups, upcoming)
        with deferred():
            seconds = (time.perf_counter() - start) / len(groups)
            for group, scored in zip(groups, evaluations):
                self.strategy.tell(group, losses_of(group, scored, self.objectives, self.budget))
                self.progress.advance(seconds, group.work)
                self.progress.expect(self.strategy.total_groups, self.strategy.work_left)
                self.logger.info(log_line(group, scored, self.progress))
                if self.is_main_process:
                    self._record(group, scored)
            self._complete = self.progress.done, self._checkpointer.snapshot()
            if self.is_main_process:
                self._checkpointer.save_if_due(*self._complete)

    def _resume(self) -> None:
        done, skipped = self._checkpointer.resume()
        barrier()  # all processes read before rank 0 writes
        for message in skipped:
            self.logger.warning(f"{message}; resuming from an older one")
        self.progress = Progress(self.strategy.total_groups, done)
        self.logger.info(f"the search resumes after {done} of {self.progress.total} groups")

    def _record(self, group: Group, evaluations: list[Evaluation]) -> None:
        records = self.store.records
        records.append(*candidate_records(group, evaluations, self.budget))
        if not group.last:
            return
        record = generation_record(records.newest_generation(), self.space.upper)
        records.append(record)
        self.logger.info(generation_line(record))
        numbers = {key: value for key, value in record.items() if isinstance(value, (int, float))}
        self.report(numbers, group.generation + 1)
        if self.overview and (start := time.monotonic()) > self._overview_at:
            write_overview(records, self.store.folder)
            taken = time.monotonic() - start
            self._overview_at = start + max(OVERVIEW_EVERY, taken / OVERVIEW_SHARE)

    def _write_results(self, winner: Architecture, loss: float, number: int) -> None:
        meta = {
            "strategy": type(self.strategy).__name__,
            **self.meta,
            "groups": self.progress.done,
            "loss": loss,
            **(self.budget.costs(winner) if self.budget else {}),
            **(self.budget.provenance() if self.budget else {}),
        }
        path = winner.save_to(self.store.folder, meta)
        if self.overview:
            write_overview(self.store.records, self.store.folder)
        self.logger.info(f"the search is done: individual {number} wins with loss {loss:.4f}, see {path}")


def check_parts(
    space: Space, strategy: Strategy, evaluator: Evaluator, budget: Budget | None = None, objectives: Sequence[str] = ()
) -> None:
    """Checks that the components of a search are compatible.

    Raises:
        UserError: The evaluator does not score the space's kind of architecture, the strategy expects another number
            or kind of objectives, or it does not know the limits of the budget.
    """
    names = [type(part).__name__ for part in (space, strategy, evaluator)]
    if evaluator.kinds is not None and space.kind not in evaluator.kinds:
        allowed = ", ".join(evaluator.kinds)
        raise UserError(f"{names[2]} scores architectures of kind {allowed}; those of {names[0]} are {space.kind!r}")
    if strategy.objectives != 1 + len(objectives):
        raise UserError(
            f"the strategy {names[1]!r} takes {strategy.objectives} objective(s), but the search minimizes the loss "
            f"and {list(objectives)}; set `objectives` of the strategy to {1 + len(objectives)}, or leave it out"
        )
    if strategy.required_objective not in (None, evaluator.objective):
        raise UserError(
            f"the strategy {names[1]!r} needs the objective {strategy.required_objective!r}, but that of {names[2]} is "
            f"{evaluator.objective!r}; set objective={strategy.required_objective!r} of the evaluator"
        )
    if budget is not None and budget.limits and strategy.feasible is None:
        raise UserError(
            f"the budget has limits ({', '.join(budget.limits)}), but the strategy {names[1]!r} does not know them; "
            "build it with feasible=budget.allows"
        )
