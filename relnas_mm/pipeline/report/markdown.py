"""The report as Markdown, with pictures by relative links."""

from collections.abc import Iterator
from pathlib import Path

from relnas_mm.pages.markdown import markdown_code, markdown_text
from relnas_mm.pages.table import Table
from relnas_mm.pipeline.report.content import Content
from relnas_mm.pipeline.report.drawings import Drawing
from relnas_mm.pipeline.report.links import relative_link


def markdown_report(content: Content) -> str:
    """Formats the report as Markdown, in the order of the HTML page."""
    parts = (
        *(_start(content), _verdict(content), _scores(content), _cells(content), _search(content)),
        *(_training(content), _predictions(content), _costs_and_times(content), _repetition(content)),
    )
    return "\n\n".join(block for part in parts for block in part) + "\n"


def _start(content: Content) -> Iterator[str]:
    yield f"# {markdown_text(content.results.title)}"
    yield f"{markdown_text(content.progress)}."


def _verdict(content: Content) -> Iterator[str]:
    yield "## Verdict"
    yield f"**{markdown_text(content.headline)}**"
    if content.by_rival:
        pairs = content.by_rival.items()
        yield "\n".join(f"- Against {markdown_text(rival)}: {markdown_text(sentence)}." for rival, sentence in pairs)
    yield from _table(content, "verdict")
    yield from map(markdown_text, content.caveats)
    if content.gaps:
        yield "### What is missing"
        yield "\n".join(
            f"- {markdown_text(f'{gap.task}, {gap.backbone}')}: {markdown_text(gap.words)}" for gap in content.gaps
        )


def _scores(content: Content) -> Iterator[str]:
    yield "## Scores"
    if content.results.backbones:
        yield "\n".join(
            f"- {markdown_text(backbone.name)}: {markdown_text(f'{backbone.title}; weights: {backbone.init}')}"
            for backbone in content.results.backbones
        )
    yield from _table(content, "scores")
    yield from _pictures(content, content.dots)
    if "published" in content.tables:
        yield "## Published and reproduced"
        yield from _table(content, "published")


def _cells(content: Content) -> Iterator[str]:
    if content.cells:
        yield "## The cells"
    for cells in content.cells:
        yield f"### {markdown_text(cells.backbone.name)}"
        for drawings in cells.drawings:
            yield from _pictures(content, drawings)


def _search(content: Content) -> Iterator[str]:
    if content.results.search is None:
        return
    yield "## The search"
    if content.search_curve:
        yield _picture(content, "Losses and diversity by generation", content.search_curve)
    if content.replay:
        yield f"[Replay of the search]({relative_link(content.replay, content.results.work_dir)})"
    elif not content.search_curve:
        yield "The search has left no curve and no replay yet."


def _training(content: Content) -> Iterator[str]:
    if content.curves:
        yield "## Training"
    for curves in content.curves:
        yield f"### {markdown_text(curves.task)}"
        yield from _pictures(content, curves.drawings)
        yield from (f"A log cannot be read: {markdown_text(problem)}" for problem in curves.problems)


def _predictions(content: Content) -> Iterator[str]:
    if content.galleries:
        yield "## Predictions on test images"
        yield "Ground truth on the left, predictions on the right of each picture."
    for gallery in content.galleries:
        yield f"### {markdown_text(gallery.task)}"
        for photo in gallery.photos:
            yield _picture(content, photo.words, photo.path)


def _costs_and_times(content: Content) -> Iterator[str]:
    yield "## Costs"
    if "costs" in content.tables:
        yield from _table(content, "costs")
    else:
        yield "No cost was measured."
    yield "## Time"
    yield from _table(content, "times")
    if content.unfinished:
        yield "### Steps that are not done"
    for group in content.unfinished:
        reason = f" – {markdown_text(group.sentence)}" if group.sentence else ""
        yield f"**{markdown_text(group.state)}**: {markdown_text(', '.join(group.names))}{reason}"
        if group.log:
            yield markdown_code(group.log)


def _repetition(content: Content) -> Iterator[str]:
    yield "## How to repeat it"
    yield markdown_code(content.results.command)
    for stage in content.stages:
        commands = [step for step in stage.steps if step.command]
        if commands:
            yield f"### Commands of {markdown_text(stage.name)}"
            yield markdown_code("\n".join(f"# {' '.join(step.name.split())}\n{step.command}" for step in commands))
    if "environment" in content.tables:
        yield "### Environment"
        yield from _table(content, "environment")


def _table(content: Content, name: str) -> Iterator[str]:
    table: Table | None = content.tables.get(name)
    if table is not None:
        yield f"{markdown_text(table.caption)}:"
        yield table.markdown()


def _pictures(content: Content, drawings: tuple[Drawing, ...]) -> Iterator[str]:
    for drawing in drawings:
        if drawing.path is None:
            yield f"{markdown_text(drawing.caption)}: no picture: {markdown_text(drawing.problem)}"
        else:
            yield _picture(content, drawing.caption, drawing.path)


def _picture(content: Content, caption: str, path: Path) -> str:
    return f"![{markdown_text(caption)}]({relative_link(path, content.results.work_dir)})"
