"""The report of a comparison: JSON, plots, and a self-contained HTML page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relnas_mm.comparison.figures import anytime_figure, front_figure, transfer_figure
from relnas_mm.comparison.plan import Plan
from relnas_mm.comparison.summary import NOT_SHOWN, summarize
from relnas_mm.comparison.transfer import transfer_matrix
from relnas_mm.errors import UserError
from relnas_mm.files import json_text, write_atomically
from relnas_mm.pages import render_page
from relnas_mm.plots.embed import data_uri
from relnas_mm.provenance import provenance
from relnas_mm.version import __version__

SUMMARY, REPORT = "summary.json", "report.html"


def write_report(plan: Plan, records: Sequence[dict[str, Any]], folder: Path, command: str) -> dict[str, Any]:
    """Writes `summary.json`, the plots and `report.html`.

    Args:
        plan: The comparison.
        records: Records of all its searches.
        folder: Output folder.
        command: Command that reproduces the results.

    Returns:
        The content of `summary.json`.

    Raises:
        UserError: A file cannot be written.
    """
    summary = {**provenance(command), **summarize(plan, records)}
    figures = {"anytime": anytime_figure(plan, records, summary)}
    if plan.objectives:
        figures["fronts"] = front_figure(plan, records)
    if plan.transfer:
        summary["transfer"] = {name: transfer_matrix(plan, records, name) for name in plan.strategies}
        figures["transfer"] = transfer_figure(list(plan.tasks), summary["transfer"][plan.reference], plan.reference)
    try:
        write_atomically(folder / SUMMARY, json_text(summary, indent=1))
        for name, figure in figures.items():
            figure.savefig(folder / f"{name}.png", dpi=110)
        pictures = {name: data_uri(folder / f"{name}.png") for name in figures}
        content = {
            "summary": summary,
            "shortage": too_few_seeds(summary),
            "pictures": pictures,
            "version": __version__,
            "plan": plan,
        }
        write_atomically(folder / REPORT, render_page("relnas_mm.comparison", "report.html.j2", content))
    except OSError as error:
        raise UserError(f"the report in {str(folder)!r} cannot be written: {error.strerror or error}") from None
    return summary


def table_lines(summary: dict[str, Any]) -> list[str]:
    """Formats the results as text, with one line per task and strategy."""
    lines = []
    for task, entry in summary["tasks"].items():
        optimum = "" if entry["optimum"] is None else f", optimum {entry['optimum']:.3f}"
        lines.append(f"{task} ({summary['budget']} candidates, {len(summary['seeds'])} seeds{optimum})")
        for name, row in entry["strategies"].items():
            spread = "" if row["std"] is None else f" ± {row['std']:.3f}"
            lines.append(f"  {name:28s} {row['mean']:.3f}{spread}  {row['seconds']:.2f} s{_test(summary, row)}")
    if shortage := too_few_seeds(summary):
        lines.append(shortage)
    return lines


def too_few_seeds(summary: dict[str, Any]) -> str:
    """Says that no test can be significant, if so."""
    seeds, needed = len(summary["seeds"]), summary["seeds_needed"]
    if seeds >= needed:
        return ""
    return (
        f"with {seeds} seeds no difference can be shown: after the correction over {summary['tests']} tests, p < 0.05 "
        f"takes at least {needed} seeds"
    )


def _test(summary: dict[str, Any], row: dict[str, Any]) -> str:
    if "p" not in row:
        return ""
    words = row["verdict"] if row["verdict"] == NOT_SHOWN else f"{summary['reference']} is {row['verdict']}"
    effect = ""
    if row["difference"] is not None:
        difference, low, high = row["difference"]
        effect = f", by {difference:+.3f} ({low:+.3f} to {high:+.3f})"
    return f"  {words}{effect}, p {row['p']:.2g}"
