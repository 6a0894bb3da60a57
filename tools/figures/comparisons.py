"""Figures of strategies that were compared."""

from typing import Any

from figures.origin import figure, origin


def compared(record: dict[str, Any]) -> str:
    """Final values of several strategies on several tasks, and what the rank test says against the reference."""
    tasks, reference = record["tasks"], record["reference"]
    marks = {"worse": " ▲", "better": " ▼", "same": ""}  # the verdict is the reference's
    lines = [f"| strategy | {' | '.join(tasks)} | seconds |", "|---|" + "--:|" * (len(tasks) + 1)]
    for name in next(iter(tasks.values()))["strategies"]:
        rows = [entry["strategies"][name] for entry in tasks.values()]
        cells = [f"{figure(row['mean'], row['std'])}{marks.get(row.get('verdict'), '')}" for row in rows]
        seconds = sum(row["seconds"] for row in rows) / len(rows)
        lines.append(f"| {name} | {' | '.join(cells)} | {seconds:.2f} |")
    if None not in (optima := [entry["optimum"] for entry in tasks.values()]):
        lines.append(f"| *optimum* | {' | '.join(figure(optimum, None) for optimum in optima)} | |")
    lines += [
        "",
        f"{record['budget']} candidates. ▲ better than {reference}, ▼ worse than it (Mann-Whitney, p < 0.05 after "
        f"Holm's correction over {record['tests']} tests), no mark: no difference shown.",
    ]
    if "transfer" in record:
        matrix = record["transfer"][reference]
        lines += [
            "",
            f"| winners of {reference} on ↓, looked up on → | {' | '.join(tasks)} |",
            "|---|" + "--:|" * len(tasks),
        ]
        lines += [f"| {task} | {' | '.join(f'{x:.1f}' for x in row)} |" for task, row in zip(tasks, matrix)]
        lines += ["", "Mean percentage of the table's architectures that they beat."]
    return "\n".join([*lines, "", origin(record)])


WRITERS = {
    "compare_nasbench201": compared,
    "compare_nasbench201_ablation": compared,
    "compare_nasbench201_latency": compared,
    "compare_nasbench201_noise": compared,
    "compare_nasbench_macro": compared,
    "compare_transnasbench101_macro": compared,
    "compare_transnasbench101_micro": compared,
}
