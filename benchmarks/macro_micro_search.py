"""Keeps a global search: `python benchmarks/macro_micro_search.py CONFIG WORK_DIR NAME [--traces CSV --run RUN]`.

WORK_DIR is what `tools/search.py CONFIG` wrote.  The network that was found, and the one that the search began with,
are trained anew on all training images of the config and tested once, after the last epoch.  docs/results/NAME/ gets
the figures, the network, and a plot of the trace, beside that of one of the logged searches of the authors.
"""

import argparse
import csv
import json
import shlex
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relnas_mm.architectures import Chain, load_chain
from relnas_mm.evaluators import StandAloneEvaluator
from relnas_mm.files import write_atomically
from relnas_mm.launch import read_config
from relnas_mm.provenance import provenance
from relnas_mm.search.records import CANDIDATE, read_records
from relnas_mm.strategies import Candidate, Group
from relnas_mm.strategies.macro_micro_stages import STAGES

ROOT = Path(__file__).resolve().parents[1]
COLOURS = dict(zip(STAGES, ("#2166ac", "#1b7837", "#d6604d", "#762a83")))
LOGGED = {"ops": "operations"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("work_dir", type=Path)
    parser.add_argument("name")
    parser.add_argument("--traces", type=Path, help="the authors' logs as search_traces.csv")
    parser.add_argument("--run", default="", help="beginning of the name of the logged search to plot")
    parser.add_argument("--epochs", type=int, default=20, help="of the final trainings")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the final trainings")
    args = parser.parse_args()
    lines = [line for line in read_records(args.work_dir / "records.jsonl") if line["type"] == CANDIDATE]
    config = read_config(args.config).train_cfg.to_dict()
    words = ["python", "benchmarks/macro_micro_search.py", *sys.argv[1:]]
    origin = provenance(f"python tools/search.py {args.config}; {shlex.join(words)}")  # before the checkout has changes
    folder = ROOT / "docs" / "results" / args.name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(args.work_dir / "chain.json", folder / "chain.json")
    networks = {"initial": load_chain(lines[0]["architecture"]), "found": load_chain(args.work_dir / "chain.json")}
    record = {
        **origin,
        "seeds": [json.loads((args.work_dir / "run.json").read_text())["randomness"]["seed"]],
        "final_seeds": args.seeds,
        "final_epochs": args.epochs,
        "stages": {stage: stage_summary(lines, stage) for stage in STAGES},
        "networks": {name: trained(chain, config["evaluator"], args) for name, chain in networks.items()},
        "trace": [[line["stage"], line["epochs"], round(line["loss"], 4)] for line in lines],
    }
    write_atomically(folder / "summary.json", json.dumps(record, indent=1) + "\n")
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    axes = figure.subplots(1, 2 if args.traces else 1, squeeze=False)[0]
    draw(axes[0], [(line["stage"], 100 - line["loss"]) for line in lines], f"here: {args.name}")
    if args.traces:
        draw(axes[1], logged(args.traces, args.run), f"the authors' log: {args.run}")
    figure.savefig(folder / "trace.png", dpi=90)


def stage_summary(lines: list[dict[str, Any]], stage: str) -> dict[str, Any]:
    """What one stage cost, and its best accuracy."""
    own = [line for line in lines if line["stage"] == stage]
    return {
        "candidates": len(own),
        "epochs": sum(line["epochs"] for line in own),
        "seconds": round(sum(line["seconds"] for line in own), 1),
        "best": 100 - min(line["loss"] for line in own),
    }


def trained(chain: Chain, settings: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Test accuracy of a network after its last epoch, for each seed."""
    settings = {key: value for key, value in settings.items() if key not in ("type", "best_epoch", "step_ahead")}
    settings |= {"validation": "test", "epochs": args.epochs}
    group, accuracies = Group(0, 0, 1, 0.0, (Candidate(0, np.zeros(0), chain),)), []
    for seed in args.seeds:
        evaluator = StandAloneEvaluator(**settings, seed=seed)
        ((evaluation,),) = evaluator.evaluate([group])
        accuracies.append(evaluation.metrics["accuracy"])
        print(f"{chain} seed {seed}: {accuracies[-1]:.2f} %", flush=True)
    cost = chain.cost(evaluator.shape)
    return {
        "network": str(chain),
        "params": cost.params,
        "macs": cost.macs,
        "accuracies": accuracies,
        "mean": statistics.mean(accuracies),
        "std": statistics.stdev(accuracies) if len(accuracies) > 1 else None,
    }


def logged(path: Path, run: str) -> list[tuple[str, float]]:
    """Stage and accuracy of each candidate of a logged search."""
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["run"].startswith(run)]
    return [(LOGGED.get(row["phase"], row["phase"]), float(row["best_val_acc"])) for row in rows]


def draw(axis: Axes, trace: list[tuple[str, float]], title: str) -> None:
    """Accuracy by candidate; micro stages train much shorter, so that theirs are lower."""
    for stage in STAGES:
        places = [place for place, (own, _) in enumerate(trace, 1) if own == stage]
        axis.plot(places, [trace[place - 1][1] for place in places], "o-", ms=3, lw=1, c=COLOURS[stage], label=stage)
    axis.set(xlabel="candidate", ylabel="validation accuracy, %", title=title)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)


if __name__ == "__main__":
    main()
