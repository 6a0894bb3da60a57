"""Keeps what a search found: `python benchmarks/keep_search.py WORK_DIR NAME --command COMMAND`.

Fills docs/results/NAME/.
"""

import argparse
import json
import shutil
from pathlib import Path

from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.search.records import GENERATION, read_records

KEPT = ("genotype.json", "cells.svg", "search_curve.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work_dir", type=Path)
    parser.add_argument("name")
    parser.add_argument("--command", required=True, help="what started the search, for the record")
    args = parser.parse_args()
    origin = provenance(args.command)  # before the checkout has changes
    folder = Path("docs/results") / args.name
    folder.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copy(args.work_dir / name, folder / name)
    lines = [line for line in read_records(args.work_dir / "records.jsonl") if line["type"] == GENERATION]
    identity = json.loads((args.work_dir / "run.json").read_text())
    summary = {
        **origin,
        "seeds": [identity["randomness"]["seed"]],
        "seconds": round(sum(line["seconds"] for line in lines), 1),
        "generations": [{k: v for k, v in line.items() if k not in ("type", "architecture")} for line in lines],
    }
    write_atomically(folder / "summary.json", json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
