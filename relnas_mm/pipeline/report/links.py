"""Links from a report to files."""

import os
from pathlib import Path
from urllib.parse import quote


def relative_link(path: Path, work_dir: Path) -> str:
    """A link from a report in the work_dir to a file, with special characters encoded."""
    relative = os.path.relpath(path, work_dir).replace(os.sep, "/")
    return quote(relative, errors="surrogateescape")
