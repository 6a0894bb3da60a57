"""The search as a training loop of MMEngine's Runner."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.registry import LOOPS
from mmengine.runner import BaseLoop, Runner

from relnas_mm.evaluators import Evaluation
from relnas_mm.registry import EVALUATORS, SPACES, STRATEGIES
from relnas_mm.search.parts import build_part
from relnas_mm.search.progress import Progress
from relnas_mm.search.records import Records, candidate_records
from relnas_mm.search.results import winner_of, write_curve, write_winner
from relnas_mm.search.summary import generation_record
from relnas_mm.strategies import Group


@LOOPS.register_module()
class SearchLoop(BaseLoop):
    """Asks a strategy for groups, scores them with an evaluator, and tells the losses.

    Written to the work_dir: `records.jsonl` (a line for each candidate and each generation), `search_curve.png`, and
    the winner as `genotype.json`, `cells.svg` and `cells.png`.

    Args:
        runner: The Runner; its seed is the seed of the search.
        dataloader: Ignored: evaluators read their own data.
        space: Config of the space.
        strategy: Config of the strategy.
        evaluator: Config of the evaluator.

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
    ):
        super().__init__(runner, None)  # type: ignore[arg-type]
        self.space = build_part(SPACES, space)
        self.strategy = build_part(STRATEGIES, strategy, space=self.space, seed=runner.seed)
        self.evaluator = build_part(EVALUATORS, evaluator, seed=runner.seed, device=get_device())
        self.work_dir = Path(runner.work_dir)
        self.records = Records(self.work_dir / "records.jsonl")
        self.progress = Progress(self.strategy.total_groups)

    @property
    def iter(self) -> int:
        """Groups told so far."""
        return self.progress.groups_done

    @property
    def max_iters(self) -> int:
        """Groups of the whole search."""
        return self.progress.groups_total

    def run(self) -> Any:
        """Runs the search to its end and writes the winner."""
        while not self.strategy.done:
            self.run_group()
        winner = winner_of(self.strategy.best, self.work_dir)
        meta = {
            "strategy": type(self.strategy).__name__,
            "loss": winner.loss,
            "seed": self.runner.seed,
            "groups": self.progress.groups_done,
        }
        write_winner(winner, self.work_dir, meta)
        self.runner.logger.info(
            f"the search is done: individual {winner.candidate.number} wins with loss {winner.loss:.4f}; "
            f"{self.work_dir / 'genotype.json'}"
        )
        return self.runner.model

    def run_group(self) -> None:
        """Evaluates one group and records it."""
        start = time.perf_counter()
        group = self.strategy.ask()
        evaluations = self.evaluator.evaluate(group)
        self.strategy.tell(group, [evaluation.loss for evaluation in evaluations])
        self.progress.advance(time.perf_counter() - start)
        self.records.append(*candidate_records(group, evaluations))
        self._log_group(group, evaluations)
        if group.last:
            self._end_generation(group.generation)

    def _end_generation(self, generation: int) -> None:
        record = generation_record(self.records.of_generation(generation), self.space.upper)
        self.records.append(record)
        write_curve(self.records, self.work_dir)
        scalars = {key: value for key, value in record.items() if isinstance(value, (int, float))}
        self.runner.visualizer.add_scalars(scalars, step=generation)

    def _log_group(self, group: Group, evaluations: list[Evaluation]) -> None:
        losses = "  ".join(
            f"#{candidate.number} {evaluation.loss:.4f}" for candidate, evaluation in zip(group.candidates, evaluations)
        )
        self.runner.logger.info(
            f"generation {group.generation + 1}  group {group.index + 1}/{group.size}  loss {losses}  "
            f"[{self.progress.groups_done}/{self.progress.groups_total}]  eta {self.progress.eta}"
        )
