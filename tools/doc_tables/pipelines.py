"""Tables of pipelines: scores by task and backbone."""

from statistics import mean, stdev
from typing import Any

from doc_tables.origin import origin, spread


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
    params = ", ".join(
        f"{backbone['title']} {_thousands(backbone['params'])}" for backbone in record["backbones"].values()
    )
    minutes = sum(record["seconds"].values()) / 60
    steps = ", ".join(f"{name} {seconds / 60:.1f}" for name, seconds in record["seconds"].items())
    wall = record.get("wall_seconds")
    took = f"{wall / 60:.1f} minutes on {record['device']}" if wall else f"on {record['device']}"
    lines += [
        "",
        f"Parameters of the first task's network: {params}. It took {took}; minutes by stage, which may overlap: "
        f"{steps}, {minutes:.1f} in all.",
        origin(record),
    ]
    return "\n".join(lines)


def _cell(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    return f"{known[0]:.2f}" if len(known) == 1 else spread(mean(known), stdev(known))


def _thousands(params: dict[str, int]) -> str:
    return f"{next(iter(params.values())):,}" if params else "–"


WRITERS = {"quickstart": pipeline}
