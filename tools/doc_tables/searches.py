"""Tables of searches and of the cells that they found."""

from typing import Any

from doc_tables.origin import origin

SETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16-120": "ImageNet16-120"}


def search_nasbench201(record: dict[str, Any]) -> str:
    """Test accuracy by number of queries for RelativeNAS and random search."""
    budgets = record["budgets"]
    lines = ["| set | method | " + " | ".join(f"{budget} queries" for budget in budgets) + " | optimum |"]
    lines.append("|---|---|" + "--:|" * (len(budgets) + 1))
    for name, entry in record["sets"].items():
        for method, title in (("relative_nas", "RelativeNAS"), ("random_search", "random search")):
            cells = [f"{mean:.2f} ± {std:.2f}" for mean, std in zip(entry[method]["mean"], entry[method]["std"])]
            lines.append(f"| {SETS.get(name, name)} | {title} | {' | '.join(cells)} | {entry['optimum']:.2f} |")
    return "\n".join([*lines, "", origin(record)])


def search_generations(record: dict[str, Any]) -> str:
    """Losses, accuracy and diversity by generation of one search; every tenth generation of a long one."""
    lines = [
        "| generation | loss, fast | loss, slow | best loss | accuracy of the best, % | diversity |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    rows = record["generations"]
    for row in rows if len(rows) <= 20 else [*rows[:-1:10], rows[-1]]:
        cells = [row[key] for key in ("fast_loss", "slow_loss", "best_loss", "accuracy", "diversity")]
        lines.append(f"| {row['generation'] + 1} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")
    return "\n".join([*lines, "", origin(record)])


def retrained_cells(record: dict[str, Any]) -> str:
    """Accuracy of several cells retrained under one budget."""
    seeds = record["seeds"]
    header = ["cell", "top-1, %", "top-5, %", "final training loss", *(f"top-1, seed {seed}" for seed in seeds)]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in record["cells"].items():
        cells = [f"{entry[key]:.2f} ± {entry[key + '_std']:.2f}" for key in ("top1", "top5", "loss")]
        cells += [f"{run['top1']:.2f}" for run in entry["runs"]]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", origin(record)])


def live_searches(record: dict[str, Any]) -> str:
    """Accuracy of the winners of several searches on images, retrained with the same settings, and the search cost."""
    seeds = record["seeds"]
    header = [
        "search",
        "top-1 of the winner, %",
        *(f"seed {seed}" for seed in seeds),
        "search budget",
        "minutes",
    ]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in sorted(record["cells"].items(), key=lambda item: -item[1]["top1"]):
        runs = entry["runs"]
        (kind,) = runs[0]["search"].keys() - {"seconds"}
        cells = [f"{entry['top1']:.2f} ± {entry['top1_std']:.2f}", *(f"{run['top1']:.2f}" for run in runs)]
        cells.append(f"{runs[0]['search'][kind]} {kind}")
        cells.append(f"{sum(run['search']['seconds'] for run in runs) / len(runs) / 60:.1f}")
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join([*lines, "", origin(record)])


WRITERS = {
    "live_cifar10-mini": live_searches,
    "retrain_cifar10": retrained_cells,
    "retrain_cifar10-mini": retrained_cells,
    "search_cifar10": search_generations,
    "search_cifar10_h200": search_generations,
    "search_cifar10-mini": search_generations,
    "search_nasbench201": search_nasbench201,
}
