"""Tables of what readers do with damaged files."""

from typing import Any

from doc_tables.origin import origin


def fuzz_parsers(record: dict[str, Any] | None) -> str:
    """Outcomes of damaged files, by reader."""
    if record is None:
        return "Not measured yet."
    columns = ["inputs", "accepted", "refused", "other exceptions", "slow", "deaths"]
    lines = [f"| reader | {' | '.join(columns)} |", "|---|" + "--:|" * len(columns)]
    rows = record["targets"]
    for name, row in [*rows.items(), ("all", {key: sum(row[key] for row in rows.values()) for key in columns})]:
        lines.append(f"| {name} | {' | '.join(format(row[key], ',') for key in columns)} |")
    return "\n".join([*lines, "", f"Engine: {record['engine']}.", origin(record)])


WRITERS = {"fuzz_parsers": fuzz_parsers}
