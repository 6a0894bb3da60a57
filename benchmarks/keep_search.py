"""Keeps what a search found: `python benchmarks/keep_search.py WORK_DIR NAME`.

Fills docs/results/NAME/ and the table of that name in docs/search.md.
"""

import argparse
import json
import os
import shutil
from pathlib import Path

import torch
from tables import keep_table

from relnas_mm.search.records import GENERATION, read_records

KEPT = ("genotype.json", "cells.svg", "search_curve.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work_dir", type=Path)
    parser.add_argument("name")
    args = parser.parse_args()
    folder = Path("docs/results") / args.name
    folder.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copy(args.work_dir / name, folder / name)
    lines = [line for line in read_records(args.work_dir / "records.jsonl") if line["type"] == GENERATION]
    summary = {
        "seconds": round(sum(line["seconds"] for line in lines), 1),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "generations": [{k: v for k, v in line.items() if k not in ("type", "architecture")} for line in lines],
    }
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    table = ["| generation | fast | slow | best | accuracy of the best | diversity |", "|---|---|---|---|---|---|"]
    for line in lines:
        cells = [line[key] for key in ("fast_loss", "slow_loss", "best_loss", "accuracy", "diversity")]
        table.append(f"| {line['generation'] + 1} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")
    keep_table(args.name, "\n".join(table))
    print("\n".join(table))


if __name__ == "__main__":
    main()
