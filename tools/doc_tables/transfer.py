"""Tables of cells in other models."""

from typing import Any

from doc_tables.origin import origin

PACKAGES = {"mmdet": "mmdet", "mmseg": "mmsegmentation", "mmpose": "mmpose"}


def transfer_families(record: dict[str, Any] | None) -> str:
    """Which families of mm train with a cell as their backbone, and why others do not."""
    if record is None:
        return "Not measured yet."
    rows = record["families"]
    lines = ["| package | families | work | |", "|---|--:|--:|---|"]
    for package, name in PACKAGES.items():
        own = [row for row in rows if row["package"] == package]
        works = [row["family"] for row in own if row["works"]]
        names = ", ".join(works)
        listed = f"<details><summary>names</summary>{names}</details>"
        lines.append(f"| {name} | {len(own)} | {len(works)} | {listed} |")
    lines += ["", "| family | backbone | why it does not work |", "|---|---|---|"]
    for row in rows:
        if not row["works"]:
            reason = row["reason"].replace("|", "\\|").replace("<", "&lt;")
            lines.append(f"| {PACKAGES[row['package']]}: {row['family']} | {row.get('backbone', '–')} | {reason} |")
    cell = record["cell"]
    note = (
        f"One config each, with {cell['num_cells']} cells of {cell['init_channels']} channels: patched, written, read, "
        "trained for one step on noise with a gradient in every parameter of the cell, and run for one prediction. Of "
        "trackers that do not learn, the detector is trained."
    )
    text = [*lines, "", note, origin(record)]
    later = [row for row in rows if row.get("commit", record["commit"]) != record["commit"]]
    if later:
        again = (f"{PACKAGES[row['package']]}: {row['family']} (commit {row['commit']})" for row in later)
        text.append(f"*measured again: {', '.join(again)}*")
    return "\n".join(text)


WRITERS = {"transfer_families": transfer_families}
