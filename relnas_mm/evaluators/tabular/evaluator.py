"""The evaluator of tabular benchmarks."""

import os
from collections.abc import Mapping, Sequence

from relnas_mm.errors import UserError
from relnas_mm.evaluators.base import Evaluation, Evaluator
from relnas_mm.evaluators.tabular.tables import Table, shared_columns
from relnas_mm.seeding import numpy_stream
from relnas_mm.strategies import Candidate, Group

JOIN = "index"
"""Column that joins a table of costs, which lacks the names of architectures."""


class TabularEvaluator(Evaluator):
    """Looks candidates up in a tabular benchmark; their loss is `perfect` minus the table's score.

    Args:
        table: CSV or JSON file with one line or entry per architecture (`read_columns`).
        objective: Column to maximize, such as 'c10_val200', recorded as `accuracy`.
        report: Column recorded as `test_accuracy`, such as 'c10_test200', or `None`.
        key: Column that names the architecture.
        perfect: Score whose loss is 0: 100 for percent.
        noise: Standard deviation of Gaussian noise on the objective, in its units, drawn for each query: it models
            cheaper training.
        latency: `{'table': FILE, 'column': NAME}`: a second table, recorded as `latency`, joined by the column 'index'
            of both tables.
        seed: Seed of the noise.

    Raises:
        UserError: A table cannot be read or lacks a column, or the noise is negative.
    """

    independent = True

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
        """Looks all candidates up.

        Raises:
            UserError: An architecture is not in the table.
        """
        return [[self._query(candidate, group.generation) for candidate in group.candidates] for group in groups]

    def look_up(self, architecture: str) -> Evaluation:
        """Looks one architecture up, without noise.

        Raises:
            UserError: The architecture is not in the table.
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
        return self._with_noise(result, candidate, generation) if self.noise else result

    def _with_noise(self, result: Evaluation, candidate: Candidate, generation: int) -> Evaluation:
        error = numpy_stream(self.seed, "noise", generation, candidate.number).normal(0.0, self.noise)
        return Evaluation(result.loss + error, result.metrics | {"accuracy": result.metrics["accuracy"] - error})


def _latencies(path: str, key: str, table: str, column: str) -> dict[str, float]:
    """Latencies of the architectures in the table at `path`."""
    indices: Table = shared_columns(path, (JOIN,), key)
    rows: Table = shared_columns(table, (column,), JOIN)
    for name, (index,) in indices.items():
        if not index.is_integer():  # also nan and infinite ones
            raise UserError(f"the {JOIN} of {name!r} in the table {path!r} is {index}; it must be an integer")
        if str(int(index)) not in rows:
            raise UserError(f"the architecture {name!r} is not in the table {table!r}")
    return {name: rows[str(int(index))][0] for name, (index,) in indices.items()}
