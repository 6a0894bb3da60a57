"""Global searches: what each stage cost, and what the network that was found is worth."""

from typing import Any

from figures.origin import origin


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


WRITERS = dict.fromkeys(("macro_micro_cifar10-mini", "macro_micro_fashionmnist-mini"), global_search)
