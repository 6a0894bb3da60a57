"""An architecture of a tabular benchmark: a name by which its figures are looked up."""

from typing import Any, ClassVar

from relnas_mm.architectures.base import Architecture, checked_keys
from relnas_mm.errors import UserError


class BenchmarkArchitecture(str, Architecture):
    """The benchmark's own name of an architecture, such as `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`; it is a string."""

    kind: ClassVar[str] = "benchmark"

    def to_dict(self) -> dict[str, Any]:
        """The name."""
        return {"name": str(self)}

    @classmethod
    def from_dict(cls, data: Any, source: str = "the architecture") -> "BenchmarkArchitecture":
        """Reads what `to_dict` gives.

        Raises:
            UserError: A key is missing or unknown, or the name is no text.
        """
        name = checked_keys(data, cls.kind, {"name"}, {"name"}, source)["name"]
        if not isinstance(name, str):
            raise UserError(f"{source}: the name of a benchmark architecture is {name!r}; it must be text")
        return cls(name)
