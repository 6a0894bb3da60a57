"""Keeps tables of results in the documentation, each between two markers."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "search.md"


def keep_table(name: str, table: str, page: Path = PAGE) -> None:
    """Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`."""
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{page} has no place for the table {name!r}")
    page.write_text(pattern.sub(lambda match: match[1] + table + "\n" + match[2], text), encoding="utf-8")
