"""Options of the global search beside the reference procedure: `python benchmarks/macro_micro_variants.py CONFIG NAME`.

Each variant is searched with each seed by tools/search.py, in WORK_DIR/<variant>/<seed>; what is finished is not
repeated, what was cut off is resumed.  The network that was found is trained anew with the same seed on all training
images of the config, and tested once, after the last epoch.  The figures go to docs/results/NAME.json.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import torch
from compare_live import searched
from macro_micro_search import trained

from relnas_mm.architectures import load_chain
from relnas_mm.files import write_atomically
from relnas_mm.launch import read_config
from relnas_mm.provenance import provenance
from relnas_mm.search.records import CANDIDATE, read_records

ROOT = Path(__file__).resolve().parents[1]
VARIANTS: dict[str, list[str]] = {
    "reference procedure": [],
    "repeats=4": ["train_cfg.strategy.rules.repeats=4"],
    "skip": ["train_cfg.space.skip=True"],
}


def run(args: argparse.Namespace, variant: str, seed: int) -> dict[str, Any]:
    """One search, and the training of what it found."""
    folder = args.work_dir / variant.replace(" ", "-") / str(seed)
    searched(args.config, seed, folder, VARIANTS[variant])
    lines = [line for line in read_records(folder / "records.jsonl") if line["type"] == CANDIDATE]
    evaluator = read_config(args.config).train_cfg.evaluator.to_dict()
    settings = argparse.Namespace(epochs=args.epochs, seeds=[seed])
    found = trained(load_chain(folder / "chain.json"), evaluator, settings)
    return {
        "seed": seed,
        "trainings": len(lines),
        "epochs": sum(line["epochs"] for line in lines),
        "seconds": round(sum(line["seconds"] for line in lines), 1),
        **{key: found[key] for key in ("network", "params", "macs")},
        "accuracy": found["mean"],
    }


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over the seeds, and the single runs."""
    figures = {}
    for key in ("trainings", "epochs", "seconds", "params", "macs", "accuracy"):
        values = [run[key] for run in runs]
        figures[key] = [statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None]
    return {**figures, "runs": runs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("name", help="of the result file")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=12, help="of the final trainings [%(default)s]")
    parser.add_argument("--work-dir", type=Path, help="[work_dirs/NAME]")
    args = parser.parse_args()
    args.work_dir = args.work_dir or Path("work_dirs") / args.name
    torch.set_num_threads(1)
    runs: dict[str, list[dict[str, Any]]] = {}
    for seed in args.seeds:
        for variant in VARIANTS:
            runs.setdefault(variant, []).append(run(args, variant, seed))
            print(f"{variant} seed {seed}: {runs[variant][-1]}", flush=True)
    record = {
        **provenance(f"python benchmarks/macro_micro_variants.py {args.config} {args.name}"),
        "seeds": args.seeds,
        "final_epochs": args.epochs,
        "variants": {variant: summary(rows) for variant, rows in runs.items()},
    }
    write_atomically(ROOT / "docs" / "results" / f"{args.name}.json", json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
