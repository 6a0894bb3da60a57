"""Retrains several cells under one budget: `python benchmarks/retrain_cells.py CONFIG NAME [--cells …] [--seeds …]`.

Every cell is trained with every seed by tools/train.py, one run after the other, in WORK_DIR/<cell>/<seed>; 'random' is
another random cell for each seed.  A run that is finished is not repeated, one that was cut off is resumed.  The
figures go to docs/results/NAME.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from relnas_mm.architectures import Genotype, load_genotype, save_genotype
from relnas_mm.files import write_atomically
from relnas_mm.plots.training import loss_curve, metric_curve, scalars
from relnas_mm.provenance import provenance
from relnas_mm.seeding import numpy_stream
from relnas_mm.spaces import CellSpace

ROOT = Path(__file__).resolve().parents[1]
METRIC = "accuracy/top1"
RANDOM = "random"
DONE = "done"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("name", help="of the result file")
    parser.add_argument("--cells", nargs="+", default=["relativenas", "darts_v2", RANDOM])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--work-dir", type=Path, help="[work_dirs/NAME]")
    parser.add_argument("--cfg-options", nargs="+", default=[], help="passed on to tools/train.py")
    args = parser.parse_args()
    work_dir = args.work_dir or Path("work_dirs") / args.name
    pairs = [(cell, seed) for seed in args.seeds for cell in args.cells]
    rows: list[dict[str, Any]] = []
    start = time.monotonic()
    for number, (cell, seed) in enumerate(pairs):
        rows.append(retrained(args, cell, seed, work_dir / cell / str(seed)))
        left = (time.monotonic() - start) / (number + 1) * (len(pairs) - number - 1)
        print(
            f"{number + 1}/{len(pairs)} {cell} seed {seed}: {rows[-1]['top1']:.2f} %, {left / 60:.0f} min left",
            flush=True,
        )
    command = " ".join(["python benchmarks/retrain_cells.py", args.config, args.name])
    command += f" --cfg-options {' '.join(args.cfg_options)}" if args.cfg_options else ""
    record = {**provenance(command), "seeds": args.seeds, "cells": {c: summary(rows, c) for c in args.cells}}
    write_atomically(ROOT / "docs" / "results" / f"{args.name}.json", json.dumps(record, indent=1) + "\n")


def retrained(args: argparse.Namespace, cell: str, seed: int, folder: Path) -> dict[str, Any]:
    """Trains one network, unless it is trained already."""
    folder.mkdir(parents=True, exist_ok=True)
    genotype = cell_of(cell, seed)
    if not (folder / DONE).exists():
        save_genotype(genotype, folder / "genotype.json")
        options = [f"model.backbone.genotype={folder / 'genotype.json'}", f"randomness.seed={seed}", *args.cfg_options]
        command = [sys.executable, str(ROOT / "tools" / "train.py"), args.config, "--work-dir", str(folder), "--resume"]
        with (folder / "output.txt").open("a") as output:
            subprocess.run([*command, "--cfg-options", *options], check=True, stdout=output, stderr=output)
        (folder / DONE).touch()
    curve = metric_curve(folder, METRIC)
    top5 = [row["accuracy/top5"] for row in scalars(folder) if "accuracy/top5" in row]
    loss = list(loss_curve(folder).values())
    return {
        "cell": cell,
        "seed": seed,
        "genotype": genotype.hash,
        "top1": curve[max(curve)],
        "top5": top5[-1],
        "loss": loss[-1],
        "curve": list(curve.values()),
    }


def cell_of(name: str, seed: int) -> Genotype:
    """A cell of the zoo, of a file, or a random one."""
    if name != RANDOM:
        return load_genotype(name)
    space = CellSpace()
    return space.decode(space.sample(numpy_stream(seed, "random cell"), 1)[0])


def summary(rows: list[dict[str, Any]], cell: str) -> dict[str, Any]:
    """Mean and standard deviation over the seeds, and the single runs."""
    runs = [{key: value for key, value in row.items() if key != "cell"} for row in rows if row["cell"] == cell]
    figures = {}
    for key in ("top1", "top5", "loss"):
        values = [run[key] for run in runs]
        figures[key] = statistics.mean(values)
        figures[f"{key}_std"] = statistics.stdev(values) if len(values) > 1 else None
    return {**figures, "runs": runs}


if __name__ == "__main__":
    main()
