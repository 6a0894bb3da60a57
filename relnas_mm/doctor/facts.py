"""What the doctor finds, before it judges."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Package:
    """One package as a child process saw it.

    Attributes:
        version: as the imported module says; None if it does not import, or has none.
        error: why it, or the part of it that we use, does not import; None if it does.
        stand_in: whether `relnas_mm.compat` serves it.
    """

    version: str | None = None
    error: str | None = None
    stand_in: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything that the rules look at.  Sizes are in GiB, None where the system does not tell."""

    python: str
    packages: dict[str, Package]
    backend: str
    ops_error: str | None = None
    gpus: tuple[str, ...] = ()
    has_nvidia_driver: bool = False
    compat_on: bool = True
    distributions: frozenset[str] = frozenset()
    torch_wanted: str | None = None  # by torchvision, such as `==2.11.0` or `>=2.14.0`
    folder: str = "."
    writable: bool = True
    free_disk: float | None = None
    free_memory: float | None = None
    shared_memory: float | None = None
    cores: int = 1


@dataclass(frozen=True)
class Problem:
    """One conflict.

    Attributes:
        sentence: what is wrong.
        command: what puts it right.
        fatal: whether the main job (a search, then training SSD) cannot run because of it.
    """

    sentence: str
    command: str
    fatal: bool = False


@dataclass(frozen=True)
class Report:
    """Facts and the judgement on them."""

    facts: Facts
    problems: tuple[Problem, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether the main job can run."""
        return not any(problem.fatal for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        """Plain dicts and lists."""
        facts = {**asdict(self.facts), "distributions": sorted(self.facts.distributions)}
        return {"ok": self.ok, "facts": facts, "problems": [asdict(problem) for problem in self.problems]}
