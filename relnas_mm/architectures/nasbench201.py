"""Cells of NAS-Bench-201 (Dong and Yang, ICLR 2020)."""

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import nn

from relnas_mm.architectures.tabular import BenchmarkArchitecture
from relnas_mm.backends import Backend
from relnas_mm.errors import UserError
from relnas_mm.networks.cost import Cost
from relnas_mm.networks.nasbench201 import NB201_EDGES, NB201_OPERATIONS, NB201Network, nb201_cost
from relnas_mm.networks.shape import NetworkShape

_SOURCES = tuple(str(source) for source, _ in NB201_EDGES)


class NASBench201Cell(BenchmarkArchitecture):
    """A cell as the benchmark's string, such as `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`, which can be looked up and built.

    The string is not checked here, as searches decode thousands; `operations`, and so `build` and `cost`, do.
    """

    kind: ClassVar[str] = "nasbench201"

    @classmethod
    def of(cls, operations: Sequence[str]) -> "NASBench201Cell":
        """The cell with these operations on the edges (0, 1), (0, 2), (1, 2), (0, 3), (1, 3) and (2, 3)."""
        a, b, c, d, e, f = operations
        return cls(f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|")

    @classmethod
    def from_dict(cls, data: Any, source: str = "the architecture") -> "NASBench201Cell":
        """Builds the cell from the result of `to_dict`.

        Raises:
            UserError: A key is missing or unknown, or the name is no cell of the benchmark.
        """
        cell = cls(super().from_dict(data, source))
        try:
            _ = cell.operations
        except UserError as error:
            raise UserError(f"{source}: {error}") from None
        return cell

    @property
    def operations(self) -> tuple[str, ...]:
        """Operations of the six edges.

        Raises:
            UserError: The string is no cell of the benchmark.
        """
        edges = [word.partition("~") for word in self.replace("+", "").split("|") if word]
        names = tuple(name for name, _, _ in edges)
        if tuple(node for _, _, node in edges) != _SOURCES or not set(names) <= set(NB201_OPERATIONS):
            raise UserError(
                f"{str(self)!r} is no cell of NAS-Bench-201; it must look like '|a~0|+|b~0|c~1|+|d~0|e~1|f~2|', with "
                f"operations of {', '.join(NB201_OPERATIONS)}"
            )
        return names

    def cost(self, shape: NetworkShape) -> Cost:
        """Parameters and multiply-adds of the network that `build` returns."""
        return nb201_cost(self.operations, shape)

    def build(self, shape: NetworkShape, backend: str | Backend = "auto") -> nn.Module:
        """Builds the benchmark's network: images (n, c, h, w) to logits (n, num_classes)."""
        return NB201Network(self.operations, shape, backend)
