"""Licences of all packages of the lock file: `uvx pip-licenses --python .venv/bin/python --format json | \
python benchmarks/licences.py`."""

import json
import re
import sys
from importlib import metadata
from pathlib import Path

from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import json_text, write_atomically
from relnas_mm.provenance import commit

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "results" / "licences.json"
COMMAND = "uvx pip-licenses --python .venv/bin/python --format json | python benchmarks/licences.py"
FAMILIES = {
    r"nvidia|proprietary": "NVIDIA's terms (CUDA libraries)",
    r"gpl": "GPL-2.0-only",
    r"mpl|mozilla": "MPL-2.0",
    r"apache": "Apache-2.0",
    r"bsd": "BSD",
    r"isc": "ISC",
    r"psf|python software foundation": "PSF-2.0",
    r"mit": "MIT",
}
"""By what a package calls its licence, the first that fits; of several licences that of the strictest comes first."""


def family(name: str, package: str) -> str:
    """The licence in the words of the table."""
    if name == "UNKNOWN":
        text = metadata.metadata(package)
        name = " ".join([text.get("License-Expression") or "", text.get("License") or "", *licence_files(package)])
    for pattern, found in FAMILIES.items():
        if re.search(pattern, name, re.IGNORECASE):
            return found
    if name.strip():
        raise UserError(f"the licence of {package} is {name[:80]!r}, which FAMILIES does not know")
    return "not stated"


def licence_files(package: str) -> list[str]:
    """Beginnings of the licences that a package comes with."""
    files = metadata.files(package) or []
    found = [file for file in files if re.match(r"licen[sc]e|copying", file.name, re.IGNORECASE)]
    return [file.read_text()[:200] for file in found[:1]]


@reports_user_errors
def main() -> None:
    found: dict[str, list[str]] = {}
    for row in json.load(sys.stdin):
        found.setdefault(family(row["License"], row["Name"]), []).append(f"{row['Name']} {row['Version']}")
    licences = {name: sorted(packages, key=str.lower) for name, packages in sorted(found.items())}
    write_atomically(OUT, json_text({"command": COMMAND, "commit": commit(), "licences": licences}, indent=1))


if __name__ == "__main__":
    main()
