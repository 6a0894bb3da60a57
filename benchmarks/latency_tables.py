"""How well tables of blocks predict the latency of whole networks: random cells, measured beside their predictions.

`python benchmarks/latency_tables.py` fills docs/results/latency_tables.json and its plot.  Leave the machine alone.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from relnas_mm.files import write_json
from relnas_mm.latency.measure import measure_table
from relnas_mm.latency.plan import plan_measurement
from relnas_mm.latency.table import RUNTIMES
from relnas_mm.networks import NetworkShape
from relnas_mm.plots.style import COLOURS, tidy
from relnas_mm.provenance import provenance
from relnas_mm.spaces import CellSpace

SHAPES = {
    "c16 l8, 32x32": (CellSpace(), NetworkShape(16, 8)),
    "c16 l6, 160x160": (CellSpace(), NetworkShape(16, 6, 0, stem="imagenet", image_size=160)),
    "c46 l14, 224x224": (CellSpace(), NetworkShape(46, 14, 1000, stem="imagenet", image_size=224)),
    "three widths, three depths, 160x160": (
        CellSpace(init_channels=(8, 12, 16), num_cells=(5, 6, 8), reductions=True),
        NetworkShape(num_classes=0, stem="imagenet", image_size=160),
    ),
}
LOOKUPS = 200


def row(space: CellSpace, shape: NetworkShape, runtime: str, networks: int) -> dict[str, Any]:
    """Agreement of one table with measured networks, and the time of a prediction."""
    start = time.perf_counter()
    plan = plan_measurement(space, shape, networks)
    table = measure_table(plan, runtime, torch.device("cpu"), 1, {})
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    for number in range(LOOKUPS):
        table.predict(plan.check[number % networks], shape)
    lookup = 1e3 * (time.perf_counter() - start) / LOOKUPS
    return {
        **table.check,
        "blocks": len(plan.blocks),
        "scale": table.scale,
        "seconds": seconds,
        "lookup_ms": lookup,
        "words": table.words,
    }


def draw(record: dict[str, Any], path: Path) -> None:
    figure = Figure(figsize=(11, 3.6), layout="tight")
    for axes, runtime in zip(figure.subplots(1, len(RUNTIMES)), RUNTIMES):
        for colour, name in zip(COLOURS, SHAPES):
            found = record["rows"][name][runtime]
            axes.loglog(found["measured_ms"], found["predicted_ms"], ".", color=colour, label=name)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(ScalarFormatter())
            axis.set_minor_formatter(NullFormatter())
        limits = axes.get_xlim()
        axes.plot(limits, limits, color="0.6", linewidth=0.8, zorder=0)
        axes.set(title=runtime, xlabel="measured, ms", ylabel="predicted, ms")
        tidy(axes)
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("docs/results/latency_tables.json"))
    parser.add_argument("--picture", type=Path, default=Path("docs/images/latency_tables.png"))
    args = parser.parse_args()
    record = {**provenance("python benchmarks/latency_tables.py"), "rows": {}}
    for name, (space, shape) in SHAPES.items():
        record["rows"][name] = {runtime: row(space, shape, runtime, args.networks) for runtime in RUNTIMES}
        for runtime, found in record["rows"][name].items():
            print(name, runtime, {key: found[key] for key in ("mean_error", "bias", "rank_correlation", "lookup_ms")})
    write_json(args.out, record, f"the record {str(args.out)!r}")
    draw(record, args.picture)


if __name__ == "__main__":
    main()
