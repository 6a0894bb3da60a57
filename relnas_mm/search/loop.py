"""The search as a training loop of MMEngine's Runner."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.dist import barrier
from mmengine.registry import LOOPS
from mmengine.runner import BaseLoop, Runner

from relnas_mm.errors import UserError
from relnas_mm.evaluators import Evaluation, WeightSetEvaluator
from relnas_mm.registry import EVALUATORS, SPACES, STRATEGIES
from relnas_mm.search.budget import Budget
from relnas_mm.search.checkpoints import Checkpoints
from relnas_mm.search.objectives import losses_of
from relnas_mm.search.parts import build_part, check_combination
from relnas_mm.search.progress import Progress
from relnas_mm.search.records import Records, candidate_records
from relnas_mm.search.results import write_overview, write_winner
from relnas_mm.search.store import RunStore
from relnas_mm.search.summary import generation_line, generation_record, log_line
from relnas_mm.search.termination import EXIT_CODE, Terminated, Termination
from relnas_mm.search.winner import choose_winner
from relnas_mm.strategies import Group

OVERVIEW_EVERY = 60.0
"""Seconds between two overviews of a running search, at least."""
OVERVIEW_SHARE = 0.01
"""Share of the time that overviews may take."""


@LOOPS.register_module()
class SearchLoop(BaseLoop):
    """Asks a strategy for groups, scores them with an evaluator, tells the losses, and saves as it goes.

    Several processes of a launcher decide alike and divide the candidates among them; the first one writes.  The result
    is that of one process, bit for bit.  With `write_back` of a number of groups, these are evaluated together.

    Written to the work_dir: `records.jsonl` (a line for each candidate and each generation), `run_store/`, the
    overview (`search_curve.png`, `pareto.png`, `replay.html`), and the winner as `genotype.json`, `cells.svg` and
    `cells.png`.

    Args:
        runner: The Runner; its seed is the seed of the search.
        dataloader: Ignored: evaluators read their own data.
        space: Config of the space.
        strategy: Config of the strategy.
        evaluator: Config of the evaluator.
        budget: Config of `Budget`: the network the winner is meant for, and what it may cost there.  `None` allows
            everything and counts no costs.
        objectives: What is minimized beside the loss: metrics of the evaluator such as 'latency', or costs of the
            budget such as 'macs'.  The winner is still the one with the lowest loss.
        rerank: How many of the best are scored again, more precisely, before the winner is chosen; 0 for none.
        resume: Whether to continue what the run store holds.
        save_every: Seconds between checkpoints; 0 saves after each group.
        keep: How many checkpoints stay.

    Raises:
        UserError: A part cannot be built.
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
        if runner.world_size > 1 and "max_latency" in (budget or {}):
            raise UserError(
                f"max_latency is measured, and the {runner.world_size} processes of the launcher would measure "
                "different times; search in one process, or limit max_macs"
            )
        self.space = build_part(SPACES, space)
        self.budget = None if budget is None else Budget(device=get_device(), **budget)
        feasible = self.budget.allows if self.budget is not None and self.budget.limits else None
        self.objectives = tuple(objectives)
        check_combination(strategy, evaluator, self.objectives)
        supplied = {"space": self.space, "seed": runner.seed, "feasible": feasible}
        self.strategy = build_part(STRATEGIES, strategy, **supplied, objectives=1 + len(self.objectives))
        self.evaluator = build_part(EVALUATORS, evaluator, space=self.space, seed=runner.seed, device=get_device())
        self.rerank, self.resume = rerank, resume
        self.leads = runner.rank == 0
        self.work_dir = Path(runner.work_dir)
        self.records = Records(self.work_dir / "records.jsonl")
        store = RunStore(self.work_dir / "run_store", keep)
        self.checkpoints = Checkpoints(store, self.strategy, self.evaluator, self.records, save_every)
        self.progress = Progress(self.strategy.total_groups)
        self._termination = Termination()
        self._overview_at = time.monotonic() + OVERVIEW_EVERY

    @property
    def iter(self) -> int:
        """Groups told so far."""
        return self.progress.groups_done

    @property
    def max_iters(self) -> int:
        """Groups of the whole search."""
        return self.progress.groups_total

    def run(self) -> Any:
        """Runs the search to its end, and writes the winner.

        SIGTERM saves what is complete and ends the process with code 143.

        Raises:
            UserError: A checkpoint or a result cannot be written, or every candidate diverged.
        """
        if isinstance(self.evaluator, WeightSetEvaluator):
            self.runner.logger.info(self.evaluator.footprint().sentence(self.evaluator.device))
        if self.resume:
            self._resume()
        self._complete = self.iter, self.checkpoints.snapshot()
        try:
            with self._termination.watching():
                while not self.strategy.done:
                    self._run_round()
                if self.leads:
                    self.checkpoints.save(*self._complete)
                    self._write_results()
        except Terminated:
            if self.leads:
                self.checkpoints.save(*self._complete)
                self.runner.logger.warning(f"terminated: {self.iter} groups are saved; continue with --resume")
            sys.exit(EXIT_CODE)
        return self.runner.model

    def _resume(self) -> None:
        done, skipped = self.checkpoints.resume()
        barrier()  # nobody writes before all have read
        for sentence in skipped:
            self.runner.logger.warning(f"{sentence}; an older one is used")
        self.progress = Progress(self.strategy.total_groups, done)
        self.runner.logger.info(f"the search continues after {done} of {self.max_iters} groups")

    def _run_round(self) -> None:
        """One group, or, where several processes are to be kept busy, all those that start alike."""
        start = time.perf_counter()
        groups = [self.strategy.ask()]
        if isinstance(self.evaluator, WeightSetEvaluator):
            count = self.evaluator.left_in_round(groups[0]) if self.runner.world_size > 1 else 1
            if hasattr(self.strategy, "ask_ahead"):
                groups = self.strategy.ask_ahead(2 * count)
            groups, following = groups[:count], groups[count:]
            evaluations = self.evaluator.evaluate_together(groups, following)
        else:
            evaluations = [self.evaluator.evaluate(groups[0])]
        with self._termination.deferred():
            seconds = (time.perf_counter() - start) / len(groups)
            for group, scored in zip(groups, evaluations):
                self.strategy.tell(group, losses_of(group, scored, self.objectives, self.budget))
                self.progress.advance(seconds, group.work)
                self.progress.expect(self.strategy.total_groups, getattr(self.strategy, "work_left", None))
                self.runner.logger.info(log_line(group, scored, self.progress))
                if self.leads:
                    self._record(group, scored)
            self._complete = self.iter, self.checkpoints.snapshot()
            if self.leads:
                self.checkpoints.save_if_due(*self._complete)

    def _record(self, group: Group, evaluations: list[Evaluation]) -> None:
        self.records.append(*candidate_records(group, evaluations, self.budget))
        if group.last:
            record = generation_record(self.records.of_generation(group.generation), self.space.upper)
            self.records.append(record)
            self.runner.logger.info(generation_line(record))
            scalars = {key: value for key, value in record.items() if isinstance(value, (int, float))}
            self.runner.visualizer.add_scalars(scalars, step=group.generation + 1)
            if (start := time.monotonic()) > self._overview_at:
                write_overview(self.records, self.work_dir)
                taken = time.monotonic() - start
                self._overview_at = start + max(OVERVIEW_EVERY, taken / OVERVIEW_SHARE)

    def _write_results(self) -> None:
        winner = choose_winner(self.strategy, self.evaluator, self.rerank)
        meta = {
            "strategy": type(self.strategy).__name__,
            "seed": self.runner.seed,
            "groups": self.iter,
            "loss": winner.loss,
            **(self.budget.costs(winner.candidate.architecture) if self.budget else {}),
        }
        path = write_winner(winner.candidate.architecture, self.work_dir, meta)
        write_overview(self.records, self.work_dir)
        self.runner.logger.info(
            f"the search is done: individual {winner.candidate.number} wins with loss {winner.loss:.4f}, see {path}"
        )
