"""Building spaces, strategies and evaluators from a config, and checking it; the rooms themselves need no mmengine."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.registry import LOOPS, Registry

from relnas_mm.errors import UserError
from relnas_mm.evaluators import StandAloneEvaluator, SupernetEvaluator, TabularEvaluator
from relnas_mm.registry import EVALUATORS, SPACES, STRATEGIES
from relnas_mm.spaces import (
    CellSpace,
    MacroMicroSpace,
    NASBench101Space,
    NASBench201Space,
    NASBenchMacroSpace,
    TransNASMacroSpace,
    TransNASMicroSpace,
)
from relnas_mm.strategies import (
    LocalSearch,
    MacroMicroSearch,
    RandomSearch,
    RefereedLearning,
    RegularizedEvolution,
    ReNAS,
    SlowFastLearning,
)

for _registry, _classes in (
    (
        SPACES,
        (
            CellSpace,
            MacroMicroSpace,
            NASBench101Space,
            NASBench201Space,
            NASBenchMacroSpace,
            TransNASMicroSpace,
            TransNASMacroSpace,
        ),
    ),
    (
        STRATEGIES,
        (
            SlowFastLearning,
            RegularizedEvolution,
            RandomSearch,
            LocalSearch,
            ReNAS,
            RefereedLearning,
            MacroMicroSearch,
        ),
    ),
    (EVALUATORS, (SupernetEvaluator, StandAloneEvaluator, TabularEvaluator)),
):
    for _class in _classes:
        _registry.register_module(module=_class)


BY_GRADIENTS = ("DARTS", "DartsLoop", "PCDARTS")
"""What people call strategies that follow gradients; they are loops of their own."""


def check_gradients(strategy: Mapping[str, Any], evaluator: Mapping[str, Any]) -> None:
    """Refuses a strategy that needs gradients.

    Args:
        strategy: Its config.
        evaluator: Its config.

    Raises:
        UserError: It follows gradients.
    """
    if (name := strategy.get("type")) in BY_GRADIENTS:
        raise UserError(
            f"the strategy {name!r} needs gradients, which {evaluator.get('type')} does not give; search with a "
            "train_cfg of type 'DartsLoop' (configs/search/darts_*.py)"
        )


def build_part(registry: Registry, config: Mapping[str, Any], **supplied: Any) -> Any:
    """Builds one part of a search.

    Args:
        registry: Where its type is looked up.
        config: Its type and arguments.
        **supplied: What the search itself knows, such as the seed; given to those that have such an argument.

    Raises:
        UserError: The type is unknown, or an argument is.
    """
    arguments = dict(config)
    name = arguments.pop("type", None)
    part = registry.get(name) if isinstance(name, str) else name
    if part is None:
        known = ", ".join(sorted(registry.module_dict))
        raise UserError(f"the {registry.name} has type {name!r}; known are {known}")
    parameters = inspect.signature(part).parameters
    _check_names(f"{name} of the {registry.name}", arguments, parameters)
    arguments |= {key: value for key, value in supplied.items() if key in parameters and key not in arguments}
    try:
        return part(**arguments)
    except TypeError as error:  # a missing argument, or an unknown one in a nested mapping
        raise UserError(f"{name} of the {registry.name} cannot be built: {error}") from error


def check_loop(config: Mapping[str, Any]) -> None:
    """Makes sure, before anything is written, that the loop of a search takes its settings.

    Args:
        config: `train_cfg` of the config.

    Raises:
        UserError: It has none of that name.
    """
    loop = LOOPS.get(config.get("type", ""))
    if loop is not None:  # else `run_identity` says so
        _check_names(f"train_cfg of type {config['type']}", set(config) - {"type"}, loop.settings())  # type: ignore[attr-defined]


def _check_names(owner: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    if unknown := sorted(set(given) - set(allowed)):
        raise UserError(f"{owner} does not take {unknown}; it takes {sorted(allowed)}")
