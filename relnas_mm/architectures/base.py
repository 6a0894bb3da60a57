"""The contract of architectures: data that can be compared, saved, drawn, costed and built."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from torch import nn

from relnas_mm.backends import Backend
from relnas_mm.errors import UserError
from relnas_mm.files import write_json
from relnas_mm.networks.blocks import Block
from relnas_mm.networks.cost import Cost
from relnas_mm.networks.shape import NetworkShape

SCHEMA_VERSION = 1
DOCUMENT_KEYS = ("schema_version", "kind", "hash", "meta")
"""Keys of a file in addition to those of the architecture itself."""


class Architecture(ABC):
    """The architecture that a vector of a search space encodes.

    A subclass that sets `kind` is a family, which `load_architecture`, budgets, records and evaluators then support.
    Instances are immutable and hashable.

    Attributes:
        kind: Name of the family in files and messages, such as 'genotype'.
        file_name: File name that `save_to` uses.
        families: All families by kind.
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
        """The architecture as JSON-serializable data; `from_dict` is the inverse."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Any, source: str = "the architecture") -> "Architecture":
        """Builds the architecture from the result of `to_dict`.

        Args:
            data: The mapping.
            source: Origin of the data, for error messages.

        Raises:
            UserError: A key is missing or unknown, or a value is invalid.
        """

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the content."""
        return hashlib.sha256(json.dumps(self.to_dict(), separators=(",", ":")).encode()).hexdigest()

    def cost(self, shape: NetworkShape) -> Cost:
        """Parameters and multiply-adds of the network that `build` returns, without building it.

        Raises:
            UserError: The family has no networks.
        """
        raise UserError(f"nothing is known of the cost of {self.kind} {self}; leave out the budget")

    def blocks(self, shape: NetworkShape, unused: bool = True) -> "Counter[Block]":
        """The blocks of the network that `build` returns, with their numbers.

        Args:
            shape: Size of the network.
            unused: Whether to include blocks on which the output does not depend.

        Raises:
            UserError: The family's networks do not consist of blocks.
        """
        raise UserError(f"the latency of {self.kind} {self} can be measured, but not predicted from a latency table")

    def build(self, shape: NetworkShape, backend: str | Backend = "auto") -> nn.Module:
        """Builds a classification network with PyTorch's default initialization: (n, c, h, w) to (n, num_classes).

        Args:
            shape: Size of the network.
            backend: Name or instance of a backend (`relnas_mm.backends`).

        Raises:
            UserError: The family has no networks.
        """
        raise UserError(f"{self.kind} {self} cannot be built as a network")

    def draw(self, path: Path) -> Path:
        """Writes a picture as `.svg` or `.png`.

        Raises:
            UserError: The suffix is unknown, the file cannot be written, or the family has no picture.
        """
        raise UserError(f"there is no picture of {self.kind} {self}")

    def save_to(self, folder: Path, meta: Mapping[str, Any] | None = None) -> Path:
        """Writes the JSON file under `file_name`, and the family's pictures.

        Args:
            folder: Output folder, created if missing.
            meta: As for `save`.

        Returns:
            The path of the JSON file.

        Raises:
            UserError: A file cannot be written.
        """
        return self.save(folder / self.file_name, meta)

    def save(self, path: Path, meta: Mapping[str, Any] | None = None) -> Path:
        """Writes the JSON file, atomically.

        Args:
            path: The file; its folder is created if missing.
            meta: Provenance, as JSON-serializable data; not part of the hash.

        Raises:
            UserError: The file cannot be written.
        """
        document = {"schema_version": SCHEMA_VERSION, "kind": self.kind, **self.to_dict(), "hash": self.hash}
        write_json(path, {**document, "meta": dict(meta or {})}, f"the {self.kind} file {str(path)!r}")
        return path


def checked_keys(data: Any, kind: str, needed: set[str], allowed: set[str], source: str) -> dict[str, Any]:
    """Returns `data` after checking its keys.

    Raises:
        UserError: `data` is no mapping, or a key is missing or unknown.
    """
    named = " and ".join(map(repr, sorted(needed)))
    if not isinstance(data, dict):
        raise UserError(f"{source}: a {kind} is a mapping with {named}, not {type(data).__name__}")
    if missing := needed - set(data):
        raise UserError(f"{source}: the {kind} lacks {sorted(missing)}; it needs {named}")
    if unknown := set(data) - allowed:
        raise UserError(f"{source}: unknown {kind} keys {sorted(unknown)}; allowed are {sorted(allowed)}")
    return data
