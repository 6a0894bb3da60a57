"""Scores that are looked up instead of trained for."""

import os
from collections.abc import Mapping, Sequence

from relnas_mm.errors import UserError
from relnas_mm.evaluators.base import Evaluation, Evaluator
from relnas_mm.evaluators.tabular.tables import Table, shared_columns
from relnas_mm.seeding import numpy_stream
from relnas_mm.strategies import Candidate, Group

JOIN = "index"
"""The column by which a table of costs without names of architectures is joined."""


class TabularEvaluator(Evaluator):
    """Looks candidates up in a tabular benchmark; their loss is a perfect score minus what the table says.

    Args:
        table: CSV or JSON file with a line or entry for each architecture (`read_columns`).
        objective: Column that is searched by, such as 'c10_val200': higher is better.  Recorded as `accuracy`.
        report: Column that is recorded as `test_accuracy`, such as 'c10_test200'; `None` for none.
        key: Column that names the architecture.
        perfect: The score whose loss is 0: 100 for percent.
        noise: Standard deviation of normal noise on the objective, in its own units, drawn anew for each query: a
            stand-in for cheaper training.
        latency: `{'table': FILE, 'column': NAME}`: a second table, recorded as `latency`.  Both tables have a column
            'index', by which they are joined.
        seed: Seed of the noise.

    Raises:
        UserError: A table cannot be read or has no such column, or the noise is negative.
    """

    def __init__(
        self,
        table: "str | os.PathLike[str]",
        objective: str = "c10_val200",
        report: str | None = "c10_test200",
        key: str = "arch_str",
        perfect: float = 100.0,
        noise: float = 0.0,
        latency: Mapping[str, str] | None = None,
        seed: int = 0,
    ):
        if noise < 0:
            raise UserError(f"noise of TabularEvaluator is {noise!r}; it must be at least 0")
        self.path, self.report, self.perfect, self.noise, self.seed = os.fspath(table), report, perfect, noise, seed
        self.table = shared_columns(table, (objective,) if report is None else (objective, report), key)
        self.latency = None if latency is None else _latencies(self.path, key, **latency)

    def evaluate(self, groups: Sequence[Group], upcoming: Sequence[Group] = ()) -> list[list[Evaluation]]:
        """One result for each candidate.

        Raises:
            UserError: An architecture is not in the table.
        """
        return [[self._query(candidate, group.generation) for candidate in group.candidates] for group in groups]

    def look_up(self, architecture: str) -> Evaluation:
        """The result of one architecture, without noise.

        Raises:
            UserError: It is not in the table.
        """
        row = self.table.get(architecture)
        if row is None:
            raise UserError(f"the architecture {architecture!r} is not in the table {self.path!r}")
        metrics = {"accuracy": row[0]}
        if self.report is not None:
            metrics["test_accuracy"] = row[1]
        if self.latency is not None:
            metrics["latency"] = self.latency[architecture]
        return Evaluation(self.perfect - row[0], metrics)

    def _query(self, candidate: Candidate, generation: int) -> Evaluation:
        result = self.look_up(str(candidate.architecture))
        return self._blurred(result, candidate, generation) if self.noise else result

    def _blurred(self, result: Evaluation, candidate: Candidate, generation: int) -> Evaluation:
        error = numpy_stream(self.seed, "noise", generation, candidate.number).normal(0.0, self.noise)
        return Evaluation(result.loss + error, result.metrics | {"accuracy": result.metrics["accuracy"] - error})


def _latencies(path: str, key: str, table: str, column: str) -> dict[str, float]:
    """The latency of each architecture of the table at `path`."""
    own: Table = shared_columns(path, (JOIN,), key)
    rows: Table = shared_columns(table, (column,), JOIN)
    missing = [name for name, (index,) in own.items() if str(int(index)) not in rows]
    if missing:
        raise UserError(f"the architecture {missing[0]!r} is not in the table {table!r}")
    return {name: rows[str(int(index))][0] for name, (index,) in own.items()}
