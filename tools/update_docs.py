"""Writes figures into the documentation: `python tools/update_docs.py [--check]`.

A block between `<!-- figures: NAME -->` and `<!-- /figures -->` in README.md or docs/*.md is written by the function of
that name below, from `docs/results/NAME.json` where there is one.  `--check` changes nothing and fails if one is stale.
"""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relnas_mm.cells import CellTrunk
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.genotype import ZOO

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)

PUBLISHED = {"relativenas": "3.93 M", "darts_v1": "3.3 M", "darts_v2": "3.3 M"}


def zoo(_: Any) -> str:
    """Names and sizes of the published cells: CIFAR-10 network of 20 cells, 36 channels, without auxiliary head."""
    lines = ["| name | parameters here | parameters published |", "|---|--:|--:|"]
    for name, genotype in ZOO.items():
        trunk = CellTrunk(genotype, 36, 20, "cifar")
        count = sum(p.numel() for p in trunk.parameters()) + (trunk.plans[-1].out_channels + 1) * 10
        lines.append(f"| `{name}` | {count:,} | {PUBLISHED.get(name, '–')} |")
    return "\n".join(lines)


def quickstart(record: dict[str, Any]) -> str:
    """What the main job reached and how long it took."""
    minutes = sum(record["seconds"].values()) / 60
    steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in record["seconds"].items())
    return (
        f"On {record['device']}: mAP {record['untrained']:.3f} untrained, **{record['trained']:.3f}** trained "
        f"(validation images), **{record['test']:.3f}** on the test images, in {minutes:.1f} minutes ({steps}).\n"
        f"{_origin(record)}"
    )


def _origin(record: dict[str, Any]) -> str:
    seeds = record["seeds"]
    runs = f"{len(seeds)} seeds" if len(seeds) >= 3 else f"{len(seeds)} run{'s' * (len(seeds) > 1)} only, no spread"
    return f"*{runs}; commit {record['commit']}, torch {record['versions']['torch']}; `{record['command']}`*"


WRITERS: dict[str, Callable[[Any], str]] = {"quickstart": quickstart, "zoo": zoo}


def written(text: str, source: Path) -> str:
    """The text of a page with every block written anew."""

    def write(match: re.Match[str]) -> str:
        name = match[2]
        if name not in WRITERS:
            raise UserError(f"{source} has a block of figures {name!r}; known are {', '.join(WRITERS)}")
        record = ROOT / "docs" / "results" / f"{name}.json"
        content = WRITERS[name](json.loads(record.read_text()) if record.is_file() else None)
        return f"{match[1]}{content}\n{match[3]}"

    return BLOCK.sub(write, text)


@reports_user_errors
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if a block is out of date")
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
