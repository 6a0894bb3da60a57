"""Table of the licences of dependencies."""

from typing import Any


def licences(record: dict[str, Any] | None) -> str:
    """Packages by licence."""
    if record is None:
        return "Not listed yet."
    lines = ["| licence | packages |", "|---|---|"]
    lines += [f"| {name} | {', '.join(packages)} |" for name, packages in record["licences"].items()]
    return "\n".join([*lines, "", f"*commit {record['commit']}; `{record['command']}`*"])


WRITERS = {"licences": licences}
