"""Configs of comparisons, validated before anything runs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mmengine.config import Config

from relnas_mm.errors import UserError
from relnas_mm.evaluators import TabularEvaluator
from relnas_mm.registry import EVALUATORS, SPACES, STRATEGIES
from relnas_mm.search.builder import build_part, check_gradients
from relnas_mm.search.run import check_parts

Part = dict[str, Any]


@dataclass(frozen=True, order=True)
class Unit:
    """One search of a comparison."""

    seed: int
    task: str
    strategy: str


@dataclass(frozen=True)
class Plan:
    """A comparison of strategies.

    Args:
        name: Title of the comparison.
        space: Config of the search space.
        tasks: Configs of evaluators by name.
        strategies: Configs of strategies by name.
        budget: Number of candidates that each search evaluates.
        seeds: Number of searches per strategy and task, with seeds 0, 1, …
        reference: The strategy against which the others are tested.
        objectives: Objectives besides the loss, at most one, such as 'latency'.
        transfer: Whether to look up the winners of each task in the tables of the others.
        device: Device on which evaluators train.
        checkpoints: Numbers of candidates, below the budget and increasing, at which strategies are tested as well.

    Raises:
        UserError: A value is out of range, or parts are incompatible.
    """

    name: str
    space: Part
    tasks: dict[str, Part]
    strategies: dict[str, Part]
    budget: int
    seeds: int
    reference: str
    objectives: tuple[str, ...] = ()
    transfer: bool = False
    device: str = "cpu"
    checkpoints: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ("budget", "seeds"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise UserError(f"{name} of the comparison {self.name!r} is {value!r}; it must be at least 1")
        wrong = [value for value in self.checkpoints if type(value) is not int or not 0 < value < self.budget]
        if wrong or list(self.checkpoints) != sorted(set(self.checkpoints)):
            raise UserError(
                f"checkpoints of the comparison {self.name!r} are {list(self.checkpoints)}; they must be increasing "
                f"integers from 1 to {self.budget - 1}, below the budget"
            )
        for name in ("tasks", "strategies"):
            if not getattr(self, name):
                raise UserError(f"{name} of the comparison {self.name!r} is empty; name at least one")
        if self.reference not in self.strategies:
            known = ", ".join(map(repr, self.strategies))
            raise UserError(f"the reference {self.reference!r} is none of the strategies; they are {known}")
        if len(self.objectives) > 1:
            raise UserError(f"objectives are {list(self.objectives)}; a comparison takes one beside the loss")
        for task in self.tasks:
            evaluator = self.evaluator(task, 0)
            if (self.objectives or self.transfer) and not isinstance(evaluator, TabularEvaluator):
                raise UserError(f"the task {task!r} is no table, which `objectives` and `transfer` need")
            for strategy, part in self.strategies.items():
                check_gradients(part, self.tasks[task])
                check_parts(
                    build_part(SPACES, self.space), self.strategy(strategy, 0), evaluator, objectives=self.objectives
                )

    @property
    def units(self) -> list[Unit]:
        """All searches, seed by seed."""
        return [Unit(s, t, name) for s in range(self.seeds) for t in self.tasks for name in self.strategies]

    def evaluator(self, task: str, seed: int) -> Any:
        """Builds the evaluator of a task."""
        return build_part(
            EVALUATORS, self.tasks[task], space=build_part(SPACES, self.space), seed=seed, device=self.device
        )

    def strategy(self, name: str, seed: int) -> Any:
        """Builds a strategy; its `queries`, if it has this argument, are the budget."""
        supplied = {"space": build_part(SPACES, self.space), "seed": seed, "objectives": 1 + len(self.objectives)}
        return build_part(STRATEGIES, self.strategies[name], **supplied, queries=self.budget)

    def identity(self) -> dict[str, Any]:
        """All fields that determine what a search does: not `seeds` and `checkpoints`, which may change later."""
        fixed = {key: value for key, value in asdict(self).items() if key not in ("seeds", "checkpoints")}
        return json.loads(json.dumps(fixed))


def read_plan(config: Config, source: str) -> Plan:
    """Validates the config of a comparison.

    Args:
        config: A config with `comparison`, a mapping of the fields of `Plan`.
        source: Path of the config, for error messages.

    Raises:
        UserError: A field is missing, unknown or out of range.
    """
    comparison = config.get("comparison")
    if not isinstance(comparison, Mapping):
        raise UserError(f"the config {source!r} has no `comparison`; examples are in configs/compare/")
    values = Config(dict(comparison=comparison)).to_dict()["comparison"]
    allowed = {field.name for field in fields(Plan)}
    if unknown := sorted(set(values) - allowed):
        raise UserError(f"the comparison of {source!r} does not take {unknown}; it takes {sorted(allowed)}")
    for name in ("objectives", "checkpoints"):
        values[name] = tuple(values.get(name, ()))
    try:
        return Plan(**values)
    except TypeError as error:  # a missing field
        raise UserError(f"the comparison of {source!r} is incomplete: {error}") from None
