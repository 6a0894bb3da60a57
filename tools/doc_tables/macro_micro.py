"""Tables of the global search: cost of each stage, accuracy of the network found."""

from typing import Any

from doc_tables.labels import label
from doc_tables.origin import origin, spread

NETWORKS = {"first": "initial"}
"""Names of networks of earlier records."""


def global_search(record: dict[str, Any]) -> str:
    """Cost of the stages, and test accuracy of the initial network and of the one found."""
    lines = ["| stage | candidates | epochs | best validation accuracy, % | seconds |", "|---|--:|--:|--:|--:|"]
    for stage, entry in record["stages"].items():
        cells = [str(entry["candidates"]), str(entry["epochs"]), f"{entry['best']:.2f}", f"{entry['seconds']:.0f}"]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
    seeds, epochs = len(record["final_seeds"]), record["final_epochs"]
    lines += [
        "",
        f"| network | layers x channels | parameters | MACs | test accuracy, % ({epochs} epochs, {seeds} seeds) |",
        "|---|---|--:|--:|--:|",
    ]
    for name, entry in record["networks"].items():
        spread = "" if entry["std"] is None else f" ± {entry['std']:.2f}"
        sizes = f"{entry['params']:,} | {entry['macs'] / 1e6:.2f} M"
        lines.append(f"| {NETWORKS.get(name, name)} | {entry['network']} | {sizes} | {entry['mean']:.2f}{spread} |")
    return "\n".join([*lines, "", origin(record)])


def variants(record: dict[str, Any]) -> str:
    """Cost and result of the options, next to the reference procedure."""
    seeds = record["seeds"]
    header = ["search", "trainings", "epochs", "parameters found", "test accuracy, %", *(f"seed {s}" for s in seeds)]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in record["variants"].items():
        cells = [f"{entry[key][0]:,.0f}" for key in ("trainings", "epochs", "params")]
        cells += [spread(*entry["accuracy"]), *(f"{run['accuracy']:.2f} ({run['network']})" for run in entry["runs"])]
        lines.append(f"| {label(name)} | {' | '.join(cells)} |")
    note = f"Test accuracy of the last epoch after retraining for {record['final_epochs']} epochs."
    return "\n".join([*lines, "", note, origin(record)])


WRITERS = {
    "macro_micro_cifar10-mini": global_search,
    "macro_micro_fashionmnist-mini": global_search,
    "macro_micro_variants": variants,
}
