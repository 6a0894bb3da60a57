"""Sizes of the published cells."""

from typing import Any

from relnas_mm.architectures import GENOTYPES
from relnas_mm.networks import CellTrunk

PUBLISHED = {"relativenas": "3.93 M", "darts_v1": "3.3 M", "darts_v2": "3.3 M"}


def zoo(_: Any) -> str:
    """Names and sizes of the published cells as CIFAR-10 networks: 20 cells, 36 channels, no auxiliary head."""
    lines = ["| name | parameters | published |", "|---|--:|--:|"]
    for name, genotype in GENOTYPES.items():
        trunk = CellTrunk(genotype, 36, 20, "cifar")
        count = sum(p.numel() for p in trunk.parameters()) + (trunk.plans[-1].out_channels + 1) * 10
        lines.append(f"| `{name}` | {count:,} | {PUBLISHED.get(name, '–')} |")
    return "\n".join(lines)


WRITERS = {"zoo": zoo}
