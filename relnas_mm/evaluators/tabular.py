"""Scores that are looked up instead of trained for."""

import os
from collections.abc import Mapping

from torch import Tensor

from relnas_mm.errors import UserError
from relnas_mm.evaluators.evaluator import Evaluation
from relnas_mm.evaluators.tables import read_columns
from relnas_mm.strategies import Group


class TabularEvaluator:
    """Looks candidates up in a tabular benchmark; their loss is 100 minus the validation accuracy in percent.

    Args:
        table: CSV file with a line for each architecture.
        objective: Column that is searched by, such as 'c10_val200': accuracy in percent.
        report: Column that is recorded as `test_accuracy`, such as 'c10_test200'; `None` for none.
        key: Column that names the architecture.

    Raises:
        UserError: The table cannot be read, or has no such column.
    """

    def __init__(
        self,
        table: "str | os.PathLike[str]",
        objective: str = "c10_val200",
        report: str | None = "c10_test200",
        key: str = "arch_str",
    ):
        self.path, self.report = os.fspath(table), report
        self.table = read_columns(table, (objective,) if report is None else (objective, report), key)

    def evaluate(self, group: Group) -> list[Evaluation]:
        """One result for each candidate.

        Raises:
            UserError: An architecture is not in the table.
        """
        return [self.look_up(candidate.architecture) for candidate in group.candidates]

    def look_up(self, architecture: str) -> Evaluation:
        """The result of one architecture.

        Raises:
            UserError: It is not in the table.
        """
        row = self.table.get(architecture)
        if row is None:
            raise UserError(f"the architecture {architecture!r} is not in the table {self.path!r}")
        metrics = {"accuracy": row[0]}
        if self.report is not None:
            metrics["test_accuracy"] = row[1]
        return Evaluation(100.0 - row[0], metrics)

    def state_dict(self) -> dict[str, Tensor]:
        """Nothing: a table does not learn."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Nothing to do."""
