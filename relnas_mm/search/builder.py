"""Builds spaces, strategies and evaluators from configs and validates their arguments.

The classes are registered here, so that their packages do not depend on mmengine.
"""

import inspect
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from mmengine.registry import LOOPS, Registry

from relnas_mm.errors import UserError
from relnas_mm.evaluators import (
    Evaluator,
    StandAloneEvaluator,
    SupernetEvaluator,
    TabularEvaluator,
    ZeroCostEvaluator,
)
from relnas_mm.evaluators.distributed import world
from relnas_mm.registry import EVALUATORS, SPACES, STRATEGIES
from relnas_mm.renamed import check_renamed
from relnas_mm.search.budget import Budget
from relnas_mm.search.ray_cluster import RayCluster, RayEvaluator
from relnas_mm.search.run import SearchRun
from relnas_mm.search.store import RunStore
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
    BANANAS,
    NPENAS,
    BayesianSlowFastLearning,
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
            BayesianSlowFastLearning,
            BANANAS,
            NPENAS,
            RegularizedEvolution,
            RandomSearch,
            LocalSearch,
            ReNAS,
            RefereedLearning,
            MacroMicroSearch,
        ),
    ),
    (EVALUATORS, (SupernetEvaluator, StandAloneEvaluator, TabularEvaluator, ZeroCostEvaluator)),
):
    for _class in _classes:
        _registry.register_module(module=_class)


BY_GRADIENTS = ("DARTS", "DartsLoop", "PCDARTS")
"""Names under which gradient-based strategies are often configured; they have training loops of their own."""


def check_gradients(strategy: Mapping[str, Any], evaluator: Mapping[str, Any]) -> None:
    """Rejects gradient-based strategies.

    Args:
        strategy: Config of the strategy.
        evaluator: Config of the evaluator.

    Raises:
        UserError: The strategy needs gradients.
    """
    if (name := strategy.get("type")) in BY_GRADIENTS:
        raise UserError(
            f"the strategy {name!r} needs gradients, which {evaluator.get('type')} does not provide; search with a "
            "train_cfg of type 'DartsLoop' (configs/search/darts_*.py)"
        )


def build_part(registry: Registry, config: Mapping[str, Any], **supplied: Any) -> Any:
    """Builds one component of a search.

    Args:
        registry: Registry of its type.
        config: Type and arguments.
        **supplied: Arguments that the search supplies, such as the seed; passed if the component takes them and the
            config does not set them.

    Raises:
        UserError: The type or an argument is unknown.
    """
    check_renamed(config, f"the {registry.name}")
    arguments = dict(config)
    name = arguments.pop("type", None)
    part = registry.get(name) if isinstance(name, str) else name
    if part is None:
        known = ", ".join(sorted(registry.module_dict))
        raise UserError(f"the {registry.name} has type {name!r}; known are {known}")
    parameters = arguments_of(part)
    _check_names(f"{name} of the {registry.name}", arguments, parameters)
    arguments |= {key: value for key, value in supplied.items() if key in parameters and key not in arguments}
    try:
        return part(**arguments)
    except TypeError as error:  # a missing argument, or an unknown one in a nested mapping
        raise UserError(f"{name} of the {registry.name} cannot be built: {error}") from error


def build_search(
    folder: "str | os.PathLike[str]",
    space: Mapping[str, Any],
    strategy: Mapping[str, Any],
    evaluator: Mapping[str, Any],
    budget: Mapping[str, Any] | None = None,
    objectives: Sequence[str] = (),
    compare: str = "pareto",
    rerank: int = 0,
    save_every: float = 30.0,
    keep: int = 2,
    resume: bool = False,
    cluster: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: "torch.device | str" = "cpu",
) -> SearchRun:
    """Builds a search from the configs of its components.

    Args:
        folder: Folder of the run store.
        space: Config of the space.
        strategy: Config of the strategy.
        evaluator: Config of the evaluator.
        budget: Config of `Budget`; `None` sets no limits and records no costs.
        objectives: Objectives minimized besides the loss (see `SearchRun`).
        compare: How the strategy, and an evaluator that writes weights back, compare several objectives: 'pareto',
            'rank_sum' or 'lexicographic' (`relnas_mm.strategies.objectives.fitness`).
        rerank: Number of top candidates scored again before the winner is chosen (see `SearchRun`).
        save_every: Seconds between checkpoints; 0 saves after each group.
        keep: Number of checkpoints to keep.
        resume: Whether to resume from the run store.
        cluster: Fields of `RayCluster`, to spread candidates that share no weights over a Ray cluster.
        seed: Seed of all random streams.
        device: Device on which evaluators train and latency is measured.

    Raises:
        UserError: A component cannot be built, or the components are incompatible.
    """
    processes = world()[1]
    if processes > 1 and "max_latency" in (budget or {}) and not (budget or {}).get("latency_table"):
        raise UserError(
            f"the budget sets max_latency, which the {processes} processes of the launcher would each measure "
            "differently; name a latency_table, from which it is predicted, or search in one process"
        )
    check_gradients(strategy, evaluator)
    if compare != "pareto":
        _check_compare(compare, strategy, objectives)
    own_space = build_part(SPACES, space)
    own_budget = None if budget is None else Budget(device=device, **budget)
    feasible = own_budget.allows if own_budget is not None and own_budget.limits else None
    supplied = {
        "space": own_space,
        "seed": seed,
        "feasible": feasible,
        "objectives": 1 + len(objectives),
        "compare": compare,
    }
    build_evaluator = partial(
        _build_evaluator, dict(evaluator), dict(space), seed=seed, objective_names=tuple(objectives), compare=compare
    )
    own_evaluator = build_evaluator(device=device)
    search = SearchRun(
        own_space,
        build_part(STRATEGIES, strategy, **supplied),
        own_evaluator if cluster is None else RayEvaluator(own_evaluator, build_evaluator, RayCluster(**cluster)),
        RunStore(folder, keep, save_every),
        own_budget,
        objectives,
        rerank,
        resume,
    )
    search.meta["seed"] = seed
    return search


def _build_evaluator(
    evaluator: Mapping[str, Any], space: Mapping[str, Any], device: "torch.device | str", **supplied: Any
) -> Evaluator:
    """Builds an evaluator, in this process or in one of a cluster."""
    return build_part(EVALUATORS, evaluator, space=build_part(SPACES, space), device=device, **supplied)


def arguments_of(part: Any) -> set[str]:
    """Names of a class's arguments, including those it passes to its base class as `**options`."""
    names: set[str] = set()
    for base in part.__mro__ if inspect.isclass(part) else (part,):
        own = inspect.signature(base).parameters.values()
        names |= {each.name for each in own if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}
        if all(each.kind != each.VAR_KEYWORD for each in own):
            break
    return names


def check_loop(config: Mapping[str, Any]) -> None:
    """Checks, before anything is written, the settings of a search loop.

    Args:
        config: `train_cfg` of the config.

    Raises:
        UserError: A setting is missing or unknown.
    """
    loop = LOOPS.get(config.get("type", ""))
    if loop is not None:  # `run_identity` reports an unknown loop
        loop.check_settings({key: value for key, value in config.items() if key != "type"})  # type: ignore[attr-defined]


def _check_compare(compare: str, strategy: Mapping[str, Any], objectives: Sequence[str]) -> None:
    """Refuses a comparison that has no effect."""
    if not objectives:
        raise UserError(f"compare is {compare!r}, but `objectives` is empty: there is only the loss to compare by")
    part = STRATEGIES.get(strategy.get("type", ""))
    if part is not None and "compare" not in arguments_of(part):
        raise UserError(f"compare is {compare!r}, which {strategy['type']} of the search strategy does not take")


def _check_names(owner: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    if unknown := sorted(set(given) - set(allowed)):
        raise UserError(f"{owner} does not take {unknown}; it takes {sorted(allowed)}")
