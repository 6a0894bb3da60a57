"""The contract of all architectures: data that can be compared, written, drawn, counted and built."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from relnas_mm.backends import Backend
from relnas_mm.errors import UserError
from relnas_mm.files import write_json
from relnas_mm.networks.cost import Cost
from relnas_mm.networks.shape import NetworkShape

SCHEMA_VERSION = 1
DOCUMENT_KEYS = ("schema_version", "kind", "hash", "meta")
"""Keys of a file beside those of the architecture itself."""


class Architecture(ABC):
    """What a vector of a search space stands for.

    A family subclasses it, names its `kind`, and is known to `load_architecture`, budgets, records and evaluators.
    Instances are immutable and hashable.

    Attributes:
        kind: Name of the family in files and messages, such as 'genotype'.
        file_name: Name of the file to which `save` writes.
        families: Every family by its kind.
    """

    kind: ClassVar[str]
    file_name: ClassVar[str] = "architecture.json"
    families: ClassVar[dict[str, "type[Architecture]"]] = {}

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "kind" in cls.__dict__:
            Architecture.families[cls.kind] = cls

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, as written to JSON; `from_dict` is the inverse."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Any, source: str = "the architecture") -> "Architecture":
        """Reads what `to_dict` gives.

        Args:
            data: The mapping.
            source: Where it came from, for the error message.

        Raises:
            UserError: A key is missing or unknown, or an entry is bad.
        """

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the content."""
        return hashlib.sha256(json.dumps(self.to_dict(), separators=(",", ":")).encode()).hexdigest()

    def cost(self, shape: NetworkShape) -> Cost:
        """Parameters and multiply-adds of the network that `build` makes, without building it.

        Raises:
            UserError: The family has no networks.
        """
        raise UserError(f"nothing is known of the cost of {self.kind} {self}; leave out the budget")

    def build(self, shape: NetworkShape, backend: str | Backend = "auto") -> nn.Module:
        """A classification network with PyTorch's default initialization: images (n, c, h, w) to logits (n, classes).

        Args:
            shape: The network around the architecture.
            backend: Who computes (`relnas_mm.backends`).

        Raises:
            UserError: The family has no networks.
        """
        raise UserError(f"{self.kind} {self} cannot be built as a network")

    def draw(self, path: Path) -> Path:
        """Writes a picture; the ending, `.svg` or `.png`, chooses the format.

        Raises:
            UserError: The ending is another one, the file cannot be written, or the family has no picture.
        """
        raise UserError(f"there is no picture of {self.kind} {self}")

    def save_to(self, folder: Path, meta: Mapping[str, Any] | None = None) -> Path:
        """Writes the JSON file, under the family's name for it, and the pictures that the family has.

        Args:
            folder: Where to write; made if missing.
            meta: Where it comes from, kept in the file.

        Returns:
            The JSON file.

        Raises:
            UserError: A file cannot be written.
        """
        return self.save(folder / self.file_name, meta)

    def save(self, path: Path, meta: Mapping[str, Any] | None = None) -> Path:
        """Writes the JSON file: complete or not at all.

        Args:
            path: The file; its folder is made if missing.
            meta: Anything JSON can hold that says where it comes from; not part of the hash.

        Raises:
            UserError: The file cannot be written.
        """
        document = {"schema_version": SCHEMA_VERSION, "kind": self.kind, **self.to_dict(), "hash": self.hash}
        write_json(path, {**document, "meta": dict(meta or {})}, f"the {self.kind} file {str(path)!r}")
        return path


def checked_keys(data: Any, kind: str, needed: set[str], allowed: set[str], source: str) -> dict[str, Any]:
    """The mapping, if it has all keys that are needed and no unknown one.

    Raises:
        UserError: It is no mapping, or a key is missing or unknown.
    """
    named = " and ".join(map(repr, sorted(needed)))
    if not isinstance(data, dict):
        raise UserError(f"{source}: a {kind} is a mapping with {named}, not {type(data).__name__}")
    if missing := needed - set(data):
        raise UserError(f"{source}: the {kind} lacks {sorted(missing)}; it needs {named}")
    if unknown := set(data) - allowed:
        raise UserError(f"{source}: unknown {kind} keys {sorted(unknown)}; allowed are {sorted(allowed)}")
    return data
