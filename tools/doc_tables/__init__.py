"""Tables of the documentation, by topic, from the records in docs/results."""

from collections.abc import Callable
from typing import Any

from doc_tables import (
    cells,
    comparisons,
    latency,
    licences,
    macro_micro,
    pipelines,
    rankings,
    reliability,
    searches,
    speed,
    trainings,
    transfer,
)

WRITERS: dict[str, Callable[[Any], str]] = {
    **cells.WRITERS,
    **comparisons.WRITERS,
    **latency.WRITERS,
    **licences.WRITERS,
    **macro_micro.WRITERS,
    **pipelines.WRITERS,
    **rankings.WRITERS,
    **reliability.WRITERS,
    **searches.WRITERS,
    **speed.WRITERS,
    **trainings.WRITERS,
    **transfer.WRITERS,
}
"""Writers by name of their block."""
