"""Memory, files and time per generation of long searches: `python benchmarks/long_runs.py TABLE CIFAR10`.

TABLE is `nasbench201_full.csv` of the tabular benchmarks; CIFAR10 holds `cifar-10-batches-py`.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from resident import resident_bytes

from relnas_mm.errors import reports_user_errors
from relnas_mm.files import json_text, write_atomically
from relnas_mm.outputs import output_file
from relnas_mm.provenance import provenance
from relnas_mm.search.builder import build_search

OUT = Path(__file__).resolve().parents[1] / "docs" / "results" / "long_runs.json"
MIB = 2.0**20


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("table", type=Path)
    command.add_argument("cifar10", type=Path)
    command.add_argument("--generations", type=int, nargs=2, default=(5000, 300), help="on the table, and live")
    command.add_argument("--out", default=OUT, help="JSON file")
    return command


def measured(folder: Path, generations: int, **parts: Any) -> dict[str, Any]:
    """Runs a search; memory is fitted by a line over its second half."""
    search = build_search(folder, **parts)
    samples: list[tuple[float, float]] = []
    search.report = lambda numbers, generation: samples.append((resident_bytes() / MIB, time.perf_counter()))
    search.run()
    memory, ends = np.array(samples).T
    half, tenth = len(memory) // 2, len(memory) // 10
    slope, _ = np.polyfit(np.arange(half, len(memory)), memory[half:], 1)
    seconds = np.diff(ends)
    files = [path for path in folder.rglob("*") if path.is_file()]
    records = folder / "records.jsonl"
    return {
        "generations": generations,
        "memory_mib": [round(float(memory[place]), 1) for place in (tenth, half, -1)],
        "slope_mib_per_1000": round(1000 * float(slope), 3),
        "seconds": [float(np.median(part)) for part in (seconds[:tenth], seconds[-tenth:])],
        "files": len(files),
        "records_mib": round(records.stat().st_size / MIB, 2),
        "others_mib": round(sum(path.stat().st_size for path in files if path != records) / MIB, 2),
    }


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    out = output_file(args.out, "--out")
    torch.set_num_threads(1)
    on_table, live = args.generations
    with tempfile.TemporaryDirectory() as scratch:
        runs = {
            "NAS-Bench-201, 20 individuals": measured(
                Path(scratch, "table"),
                on_table,
                space=dict(type="NASBench201Space"),
                strategy=dict(type="SlowFastLearning", population_size=20, generations=on_table),
                evaluator=dict(type="TabularEvaluator", table=str(args.table), objective="c10_val200"),
                seed=0,
            ),
            "shared weights, 4 individuals, 2 channels, 3 cells": measured(
                Path(scratch, "live"),
                live,
                space=dict(type="CellSpace"),
                strategy=dict(type="SlowFastLearning", population_size=4, generations=live),
                evaluator=dict(
                    type="SupernetEvaluator",
                    data=dict(type="cifar10", data_root=str(args.cifar10), limit=120),
                    network=dict(init_channels=2, num_cells=3),
                    training=dict(batch_size=20),
                ),
                seed=0,
            ),
        }
    command = f"python benchmarks/long_runs.py {args.table.name} CIFAR10"
    write_atomically(out, json_text({**provenance(command), "seeds": [0], "runs": runs}, indent=1))


if __name__ == "__main__":
    main()
