"""Tables of the strategy comparisons."""

from typing import Any

from doc_tables.labels import LABELS, label
from doc_tables.origin import figure, origin


def compared(record: dict[str, Any] | None) -> str:
    """Final values by strategy and task, with the verdict of the rank test against the reference strategy."""
    if record is None:
        return "Not measured yet."
    tasks, reference = record["tasks"], record["reference"]
    marks = {"worse": " ▲", "better": " ▼"}  # the verdict is the reference's
    lines = [f"| strategy | {' | '.join(tasks)} | seconds |", "|---|" + "--:|" * (len(tasks) + 1)]
    for name in next(iter(tasks.values()))["strategies"]:
        rows = [entry["strategies"][name] for entry in tasks.values()]
        cells = [f"{figure(row['mean'], row['std'])}{marks.get(row.get('verdict'), '')}" for row in rows]
        seconds = sum(row["seconds"] for row in rows) / len(rows)
        lines.append(f"| {label(name)} | {' | '.join(cells)} | {seconds:.2f} |")
    if None not in (optima := [entry["optimum"] for entry in tasks.values()]):
        lines.append(f"| *optimum* | {' | '.join(figure(optimum, None) for optimum in optima)} | |")
    lines += [
        "",
        f"{record['budget']} candidates per search. ▲ better, ▼ worse than {'the ' * (reference in LABELS)}"
        f"{label(reference)} (Mann-Whitney, p < 0.05 after Holm's correction over {record['tests']} tests); "
        "no mark: no difference shown.",
    ]
    if "transfer" in record:
        matrix = record["transfer"][reference]
        lines += [
            "",
            f"| winners of {reference} on ↓, evaluated on → | {' | '.join(tasks)} |",
            "|---|" + "--:|" * len(tasks),
        ]
        lines += [f"| {task} | {' | '.join(f'{x:.1f}' for x in row)} |" for task, row in zip(tasks, matrix)]
        lines += ["", "Mean percentage of the table's architectures that these winners beat."]
    return "\n".join([*lines, "", origin(record)])


VERDICTS = ("better", "no difference shown", "worse")


def plus(records: dict[str, Any] | None) -> str:
    """On how many tasks of several comparisons the reference is better or worse, by strategy and candidates."""
    if records is None:
        return "Not measured yet."
    first = next(iter(records.values()))
    reference, budgets = first["reference"], first["budgets"]
    tests = [
        (name, budget, f"{record['name'].split(' on ')[-1]}: {task}", test["verdict"])
        for record in records.values()
        for task, entry in record["tasks"].items()
        for name, row in entry["strategies"].items()
        if name != reference
        for budget, test in zip(budgets, [*row["earlier"].values(), row])
    ]
    heads = " | ".join(f"{budget:,} candidates" for budget in budgets)
    lines = [f"| {reference} against | {heads} |", "|---|" + "--:|" * len(budgets)]
    for name in dict.fromkeys(name for name, *_ in tests):
        found = [[verdict for other, at, _, verdict in tests if (other, at) == (name, budget)] for budget in budgets]
        cells = [" / ".join(str(each.count(verdict)) for verdict in VERDICTS) for each in found]
        lines.append(f"| {label(name)} | {' | '.join(cells)} |")
    tasks = sum(len(record["tasks"]) for record in records.values())
    families = ", ".join(str(record["tests"]) for record in records.values())
    worse = [f"than {label(name)} at {at:,} ({task})" for name, at, task, verdict in tests if verdict == "worse"]
    return "\n".join(
        [
            *lines,
            "",
            f"On how many of {tasks} tasks {reference} is better / no difference is shown / it is worse (Mann-Whitney, "
            f"p < 0.05 after Holm's correction over all tests of a space: {families}).",
            "",
            f"Worse: {'; '.join(worse) or 'nowhere'}.",
            "",
            *(origin(record) + "\n" for record in records.values()),
        ]
    ).rstrip()


WRITERS = {
    "compare_nasbench201": compared,
    "compare_nasbench201_ablation": compared,
    "compare_nasbench201_latency": compared,
    "compare_nasbench201_noise": compared,
    "compare_nasbench201_peers": compared,
    "compare_plus": plus,
    "compare_nasbench_macro": compared,
    "compare_transnasbench101_macro": compared,
    "compare_transnasbench101_micro": compared,
}
