"""Registries of search spaces, strategies and evaluators; other projects can register their own classes."""

from mmengine.registry import Registry

SPACES = Registry("search space", scope="mmengine", locations=["relnas_mm.search.builder"])
STRATEGIES = Registry("search strategy", scope="mmengine", locations=["relnas_mm.search.builder"])
EVALUATORS = Registry(
    "search evaluator", scope="mmengine", locations=["relnas_mm.search.builder", "relnas_mm.downstream"]
)

__all__ = ["EVALUATORS", "SPACES", "STRATEGIES"]
