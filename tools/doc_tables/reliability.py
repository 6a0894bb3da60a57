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


def kill_campaign(record: dict[str, Any] | None) -> str:
    """Kills by target, and what was lost."""
    if record is None:
        return "Not measured yet."
    lines = ["| killed | runs | at random instants | before writes | kinds of writes |"]
    lines.append("|---|--:|--:|--:|--:|")
    for row in record["targets"]:
        figures = [row[key] for key in ("runs", "at_instants", "before_writes", "kinds_of_writes")]
        lines.append(f"| {row['target']} | {' | '.join(map(str, figures))} |")
    total = sum(row["at_instants"] + row["before_writes"] for row in record["targets"])
    words = f"{total} kills in all; a campaign ends with an error at the first difference."
    return "\n".join([*lines, "", words, f"*commit {record['commit']}; `{record['command']}`*"])


def long_runs(record: dict[str, Any] | None) -> str:
    """Memory, files and time of long searches."""
    if record is None:
        return "Not measured yet."
    lines = ["| search | generations | memory after a tenth, half, all, MiB | slope, MiB per 1,000 generations |"]
    lines[0] += " ms per generation, first and last tenth | files | records, others, MiB |"
    lines.append("|---|--:|--:|--:|--:|--:|--:|")
    for name, row in record["runs"].items():
        memory = ", ".join(f"{value:.0f}" for value in row["memory_mib"])
        first, last = (1e3 * value for value in row["seconds"])
        lines.append(
            f"| {name} | {row['generations']:,} | {memory} | {row['slope_mib_per_1000']:.2f} | {first:.1f}, {last:.1f} "
            f"| {row['files']} | {row['records_mib']:.1f}, {row['others_mib']:.1f} |"
        )
    return "\n".join([*lines, "", origin(record)])


WRITERS = {"fuzz_parsers": fuzz_parsers, "kill_campaign": kill_campaign, "long_runs": long_runs}
