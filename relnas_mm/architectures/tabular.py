"""Architectures of tabular benchmarks: the key of a table."""

from typing import Any, ClassVar

from relnas_mm.architectures.base import Architecture, checked_keys
from relnas_mm.errors import UserError


class BenchmarkArchitecture(str, Architecture):
    """The benchmark's own string for an architecture, such as `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`."""

    kind: ClassVar[str] = "benchmark"

    def to_dict(self) -> dict[str, Any]:
        """The string under the key `name`."""
        return {"name": str(self)}

    @classmethod
    def from_dict(cls, data: Any, source: str = "the architecture") -> "BenchmarkArchitecture":
        """Builds the architecture from the result of `to_dict`.

        Raises:
            UserError: A key is missing or unknown, or the name is not a string.
        """
        name = checked_keys(data, cls.kind, {"name"}, {"name"}, source)["name"]
        if not isinstance(name, str):
            raise UserError(f"{source}: the name of a benchmark architecture is {name!r}; it must be text")
        return cls(name)
