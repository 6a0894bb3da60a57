"""Global searches: what each stage cost, and what the network that was found is worth."""

from typing import Any

from figures.origin import origin, spread


def global_search(record: dict[str, Any]) -> str:
    """Cost of the stages, and test accuracy of the first and of the found network."""
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
        lines.append(f"| {name} | {entry['network']} | {sizes} | {entry['mean']:.2f}{spread} |")
    return "\n".join([*lines, "", origin(record)])


def variants(record: dict[str, Any]) -> str:
    """What options of the procedure cost and find, beside the released one."""
    seeds = record["seeds"]
    header = ["search", "trainings", "epochs", "parameters found", "test accuracy, %", *(f"seed {s}" for s in seeds)]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in record["variants"].items():
        cells = [f"{entry[key][0]:,.0f}" for key in ("trainings", "epochs", "params")]
        cells += [spread(*entry["accuracy"]), *(f"{run['accuracy']:.2f} ({run['network']})" for run in entry["runs"])]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    note = f"Test accuracy: trained anew for {record['final_epochs']} epochs, after the last of them."
    return "\n".join([*lines, "", note, origin(record)])


WRITERS = {
    "macro_micro_cifar10-mini": global_search,
    "macro_micro_fashionmnist-mini": global_search,
    "macro_micro_variants": variants,
}
