"""Searches on images and retrains every winner with one config: `python benchmarks/compare_live.py NAME --searches …`.

Each search config is run with each seed by tools/search.py, in WORK_DIR/search/<config>/<seed>; its cell is then
trained by tools/train.py with the config RETRAIN, as benchmarks/retrain_cells.py does.  What is finished is not
repeated, what was cut off is resumed.  The figures go to docs/results/NAME.json.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mmengine.config import Config
from retrain_cells import DONE, ROOT, retrained, summary

from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance
from relnas_mm.search.records import read_records

SEARCHES = [
    f"configs/search/{name}_cifar10-mini.py"
    for name in ("relativenas", "evolution", "random", "random-alone", "darts", "relativenas-rounds")
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of the result file")
    parser.add_argument("--searches", nargs="+", default=SEARCHES, metavar="CONFIG")
    parser.add_argument("--retrain", dest="config", default="configs/cifar/relativenas-c8l5_1xb64-5e_cifar10-mini.py")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--work-dir", type=Path, help="[work_dirs/NAME]")
    parser.add_argument("--images", type=int, help="of each search, training and validation [as its config says]")
    parser.add_argument("--search-options", nargs="+", default=[], help="passed on to tools/search.py")
    parser.add_argument("--cfg-options", nargs="+", default=[], help="passed on to tools/train.py")
    args = parser.parse_args()
    work_dir = args.work_dir or Path("work_dirs") / args.name
    rows: list[dict[str, Any]] = []
    for seed in args.seeds:
        for config in args.searches:
            label = Path(config).stem
            folder = work_dir / "search" / label / str(seed)
            searched(config, seed, folder, [*args.search_options, *fewer_images(config, args.images)])
            row = retrained(args, str(folder / "genotype.json"), seed, work_dir / "retrain" / label / str(seed))
            rows.append({**row, "cell": label, "search": cost(folder)})
            print(f"{label} seed {seed}: {rows[-1]['top1']:.2f} %, search {rows[-1]['search']}", flush=True)
    command = f"python benchmarks/compare_live.py {args.name}"
    command += f" --searches {' '.join(args.searches)}" if args.searches != SEARCHES else ""
    command += f" --images {args.images}" if args.images else ""
    for flag, options in (("--search-options", args.search_options), ("--cfg-options", args.cfg_options)):
        command += f" {flag} {' '.join(options)}" if options else ""
    cells = {Path(config).stem: summary(rows, Path(config).stem) for config in args.searches}
    record = {**provenance(command), "seeds": args.seeds, "cells": cells}
    write_atomically(ROOT / "docs" / "results" / f"{args.name}.json", json.dumps(record, indent=1) + "\n")


def fewer_images(config: str, images: int | None) -> list[str]:
    """The option that limits the data of a search, by the loop that reads them."""
    if images is None:
        return []
    owner = "train_cfg" if Config.fromfile(config).train_cfg.type == "DartsLoop" else "train_cfg.evaluator"
    return [f"{owner}.data.limit={images}"]


def searched(config: str, seed: int, folder: Path, options: list[str]) -> None:
    """Searches, unless that is done already."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / DONE).exists():
        return
    command = [sys.executable, str(ROOT / "tools" / "search.py"), config, "--work-dir", str(folder), "--resume"]
    with (folder / "output.txt").open("a") as output:
        subprocess.run(
            [*command, "--cfg-options", f"randomness.seed={seed}", *options], check=True, stdout=output, stderr=output
        )
    (folder / DONE).touch()


def cost(folder: Path) -> dict[str, Any]:
    """Candidates or epochs of a search, and its seconds."""
    lines = [line for line in read_records(folder / "records.jsonl") if line["type"] != "generation"]
    return {f"{lines[0]['type']}s": len(lines), "seconds": round(sum(line["seconds"] for line in lines), 1)}


if __name__ == "__main__":
    main()
