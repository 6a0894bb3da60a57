"""Writes the tables of the documentation: `python tools/update_docs.py [--check]`.

The writer NAME of tools/doc_tables fills each block between `<!-- table: NAME -->` and `<!-- /table -->` in README.md
and docs/ from `docs/results/NAME.json`, `docs/results/NAME/summary.json`, or a mapping of all records in
`docs/results/NAME/` by name.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from doc_tables import WRITERS
from relnas_mm.errors import UserError, reports_user_errors

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def read_record(name: str) -> Any:
    """The record of a table; `None` if there is none."""
    results = ROOT / "docs" / "results"
    for path in (results / f"{name}.json", results / name / "summary.json"):
        if path.is_file():
            return json.loads(path.read_text())
    return {path.stem: json.loads(path.read_text()) for path in sorted((results / name).glob("*.json"))} or None


def written(text: str, source: Path) -> str:
    """The text of a page with its tables regenerated."""

    def write(match: re.Match[str]) -> str:
        name = match[2]
        if name not in WRITERS:
            raise UserError(f"{source} has a table {name!r}; known are {', '.join(WRITERS)}")
        return f"{match[1]}{WRITERS[name](read_record(name))}\n{match[3]}"

    return BLOCK.sub(write, text)


@reports_user_errors
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a block is out of date")
    check = parser.parse_args().check
    stale = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        old = page.read_text()
        new = written(old, page)
        if new != old:
            stale.append(page.relative_to(ROOT))
            if not check:
                page.write_text(new)
    print(f"{'out of date' if check else 'written'}: {', '.join(map(str, stale)) or 'nothing'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    main()
