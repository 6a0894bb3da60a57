"""Reports of a pipeline: one HTML page, the same as Markdown, and all scores as CSV."""

from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.files import write_atomically
from relnas_mm.outputs import output_folder
from relnas_mm.pipeline.report.content import content_of
from relnas_mm.pipeline.report.csv_table import scores_csv
from relnas_mm.pipeline.report.drawings import PICTURES
from relnas_mm.pipeline.report.markdown import markdown_report
from relnas_mm.pipeline.report.page import html_page
from relnas_mm.pipeline.results import Results

REPORT, MARKDOWN, SCORES = "report.html", "report.md", "scores.csv"
"""Files in the work_dir."""


def write_reports(results: Results) -> list[Path]:
    """Writes `report.html`, `report.md`, `scores.csv` and the folder `report_pictures` into the work_dir.

    Args:
        results: The results, however incomplete.

    Returns:
        The paths of the page, the Markdown file and the table.

    Raises:
        UserError: A file cannot be written.
    """
    folder = results.work_dir
    output_folder(folder / PICTURES, "the folder of pictures")
    content = content_of(results, folder / PICTURES)
    texts = {SCORES: scores_csv(results), MARKDOWN: markdown_report(content), REPORT: html_page(content)}
    try:
        for name, text in texts.items():
            # names from the file system may hold bytes that are no UTF-8
            write_atomically(folder / name, text.encode("utf-8", "replace").decode("utf-8"))
    except OSError as error:
        raise UserError(f"the report in {str(folder)!r} cannot be written: {error.strerror or error}") from None
    return [folder / REPORT, folder / MARKDOWN, folder / SCORES]
