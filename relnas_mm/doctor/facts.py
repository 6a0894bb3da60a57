"""Facts, problems and the report of the doctor."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Package:
    """A package as imported by the child process.

    Attributes:
        version: Version of the imported module; `None` if it does not import, or has none.
        error: Import error of the package or of its subpackage in use; `None` if both import.
        stand_in: Whether it is a stand-in of `relnas_mm.compat`.
    """

    version: str | None = None
    error: str | None = None
    stand_in: bool = False


@dataclass(frozen=True)
class Facts:
    """All inputs of the rules.  Sizes are in GiB, `None` where unknown."""

    python: str
    packages: dict[str, Package]
    backend: str
    ops_error: str | None = None
    gpus: tuple[str, ...] = ()
    has_nvidia_driver: bool = False
    compat_on: bool = True
    compat_at_start: str = "off"  # 'on', 'off' or 'outdated'
    fixes_failed: dict[str, str] = field(default_factory=dict)
    distributions: frozenset[str] = frozenset()
    torch_wanted: str | None = None  # requirement of torchvision, such as `==2.11.0` or `>=2.14.0`
    folder: str = "."
    writable: bool = True
    free_disk: float | None = None
    free_memory: float | None = None
    shared_memory: float | None = None
    cores: int = 1


@dataclass(frozen=True)
class Problem:
    """A problem with a suggested command.

    Attributes:
        sentence: Description of the problem.
        command: Command that solves it.
        fatal: Whether it prevents the main job (a search, then training SSD).
    """

    sentence: str
    command: str
    fatal: bool = False


@dataclass(frozen=True)
class Report:
    """Facts and problems."""

    facts: Facts
    problems: tuple[Problem, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether the main job can run."""
        return not any(problem.fatal for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON-serializable data."""
        facts = {**asdict(self.facts), "distributions": sorted(self.facts.distributions)}
        return {"ok": self.ok, "facts": facts, "problems": [asdict(problem) for problem in self.problems]}
