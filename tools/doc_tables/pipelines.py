"""Tables of pipelines: scores by task and backbone."""

from statistics import mean, stdev
from typing import Any

from doc_tables.origin import origin, spread
from relnas_mm.statistics import smallest_p


def pipeline(record: dict[str, Any]) -> str:
    """Scores of all backbones by task, with parameters and running time."""
    tasks = record["units"]
    lines = [
        "| backbone | " + " | ".join(f"{task}: {unit}" for task, unit in tasks.items()) + " |",
        "|---|" + "--:|" * len(tasks),
    ]
    for name, backbone in record["backbones"].items():
        cells = [_cell(record["scores"][task].get(name, [])) for task in tasks]
        lines.append(f"| {backbone['title']} | {' | '.join(cells)} |")
    backbones = record["backbones"].values()
    common = next((task for task in tasks if all(task in backbone["params"] for backbone in backbones)), None)
    params = ", ".join(f"{backbone['title']} {backbone['params'][common]:,}" for backbone in backbones if common)
    minutes = sum(record["seconds"].values()) / 60
    steps = ", ".join(f"{name} {seconds / 60:.1f}" for name, seconds in record["seconds"].items())
    wall = record.get("wall_seconds")
    took = f"{wall / 60:.1f} minutes on {record['device']}" if wall else f"on {record['device']}"
    lines += [
        "",
        f"Parameters ({common}): {params or '–'}. It took {took}; minutes by stage, which may overlap: "
        f"{steps}, {minutes:.1f} in all.",
        origin(record),
    ]
    return "\n".join(lines)


def gains(record: dict[str, Any]) -> str:
    """Differences of all backbones to the last one, paired by seed, by task in which both take part."""
    *others, (last, baseline) = record["backbones"].items()
    tasks = [task for task in record["units"] if all(record["scores"][task].get(name) for name, _ in others)]
    tasks = [task for task in tasks if record["scores"][task].get(last)]
    header = [f"gain over '{baseline['title']}'", *(f"{task}: {record['units'][task]}" for task in tasks)]
    lines = [
        f"| {' | '.join(header)} |",
        "|---|" + "--:|" * len(tasks),
    ]
    for name, backbone in others:
        cells = []
        for task in tasks:
            scores = record["scores"][task]
            differences = [value - other for value, other in zip(scores[name], scores[last], strict=True)]
            cells.append(f"{round(mean(differences), 2) + 0.0:+.2f} ± {stdev(differences):.2f}")
        lines.append(f"| {backbone['title']} | {' | '.join(cells)} |")
    seeds = len(record["seeds"])
    lines += [
        "",
        "Positive: better than the weights that it is compared with; mean ± standard deviation of the differences, "
        f"paired by seed. With {seeds} seeds on each side a rank test cannot give less than p = "
        f"{smallest_p(seeds, seeds):.2g}.",
    ]
    return "\n".join(lines)


def pretraining(record: dict[str, Any] | None) -> str:
    """Scores of one cell from several kinds of weights, and what they gain over random ones."""
    if record is None:
        return "Not measured yet."
    return f"{pipeline(record)}\n\n{gains(record)}"


def _cell(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    return f"{known[0]:.2f}" if len(known) == 1 else spread(mean(known), stdev(known))


WRITERS = {"quickstart": pipeline, "pretraining_mini": pretraining, "pretraining_shapes": pretraining}
