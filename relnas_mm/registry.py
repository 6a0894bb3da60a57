"""The registries from which `SearchLoop` builds its parts; they accept the classes of other projects, too."""

from mmengine.registry import Registry

SPACES = Registry("search space", scope="mmengine", locations=["relnas_mm.search"])
STRATEGIES = Registry("search strategy", scope="mmengine", locations=["relnas_mm.search"])
EVALUATORS = Registry("search evaluator", scope="mmengine", locations=["relnas_mm.search"])

__all__ = ["EVALUATORS", "SPACES", "STRATEGIES"]
