"""Tables on latency, and on where to search."""

from typing import Any

from doc_tables.labels import label
from doc_tables.origin import CHANGED, origin, spread

WHERE = {
    "target": "the target task",
    "classification": "classification (`class_object`)",
    "bundle": "all other tasks, by the sum of ranks",
    "bundle, equal trainings": "the same with a sixth of the architectures, as each is trained six times",
    "random, on the target": "the target task, random search",
}
SPACES = {"micro": "cells", "macro": "depth and width"}
STRATEGIES = {"relative_nas": "relativenas", "evolution": "evolution"}


def agreement(record: dict[str, Any]) -> str:
    """Predicted against measured latency, by network and runtime."""
    lines = [
        "| networks | runtime | blocks | measured, ms | mean error | bias | rank correlation | look-up, ms |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, runtimes in record["rows"].items():
        for runtime, row in runtimes.items():
            measured = row["measured_ms"]
            lines.append(
                f"| {name} | {runtime} | {row['blocks']} | {min(measured):.2f} to {max(measured):.2f} | "
                f"{100 * row['mean_error']:.1f} % | {100 * row['bias']:+.1f} % | {row['rank_correlation']:.3f} | "
                f"{row['lookup_ms']:.2f} |"
            )
    (first, *_), *_ = (list(runtimes.values()) for runtimes in record["rows"].values())
    device = first["words"].partition(" on ")[2]
    line = f"*{first['networks']} random networks each, one run; {device}; commit {record['commit']}, "
    line += f"torch {record['versions']['torch']}; `{record['command']}`*"
    notes = [line, CHANGED] if "+" in record["commit"] else [line]
    return "\n".join([*lines, "", "\n".join(notes)])


def equal_latency(record: dict[str, Any] | None) -> str:
    """Metric of backbones of equal latency."""
    if record is None:
        return "Not measured yet."
    lines = [
        f"| latency at most | backbone | {record['metric']} | per seed | latency, ms | parameters | on the front |",
        "|--:|---|--:|--:|--:|--:|---|",
    ]
    for row in record["backbones"]:
        values = ", ".join(f"{value:.2f}" for value in row["values"])
        lines.append(
            f"| {100 * row['share']:.0f} % | {row['backbone']} | {spread(row['mean'], row['std'])} | {values} | "
            f"{row['ms']:.2f} | {row['params']:,.0f} | {'yes' if row['on_front'] else ''} |"
        )
    lines += ["", f"100 % are {record['limit_ms']:.2f} ms, predicted for {record['device_of_latency']}."]
    return "\n".join([*lines, "", origin(record)])


def model_optimizer(record: dict[str, Any] | None) -> str:
    """RelativeNAS beside Model Optimizer at one limit."""
    if record is None:
        return "Not measured yet."
    lines = [
        "| network | accuracy, % | multiply-adds | parameters | found in | trained in |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, row in record["networks"].items():
        lines.append(
            f"| {name} | {spread(row['mean'], row['std'])} | {row['macs'] / 1e6:.1f} M | {row['params'] / 1e3:.0f} k | "
            f"{row['found_in'] / 60:.1f} min | {row['trained_in'] / 60:.1f} min |"
        )
    lines += [
        "",
        f"Limit {record['limit'] / 1e6:.1f} M multiply-adds; {record['images']:,} training images, {record['epochs']} "
        f"epochs; minutes of CPU time; Model Optimizer {record['model_optimizer']}.",
    ]
    return "\n".join([*lines, "", origin(record)])


def target_task(record: dict[str, Any]) -> str:
    """Where to search: percentage of all architectures that the winner beats on the target."""
    tasks = record["tasks"]
    lines = [f"| space, strategy | searched on | {' | '.join(tasks)} |", "|---|---|" + "--:|" * len(tasks)]
    for space, strategies in record["spaces"].items():
        for strategy, rows in strategies.items():
            for where, row in rows.items():
                cells = [f"{mean:.1f} ± {std:.1f}" for mean, std in zip(row["mean"], row["std"])]
                title = f"{SPACES[space]}, {label(STRATEGIES[strategy])}"
                lines.append(f"| {title} | {WHERE[where]} | {' | '.join(cells)} |")
    lines += ["", f"{record['queries']} architectures per search; the percentage of all others that its winner beats."]
    return "\n".join([*lines, "", origin(record)])


WRITERS = {
    **{f"equal_latency_{task}": equal_latency for task in ("detection", "segmentation", "camvid", "pose")},
    "latency_tables": agreement,
    "model_optimizer": model_optimizer,
    "target_task": target_task,
}
