"""The report as one HTML page that needs no other file."""

import base64
import hashlib
import re
from pathlib import Path

from markupsafe import Markup

from relnas_mm.errors import UserError
from relnas_mm.files import read_text
from relnas_mm.pages import render_page
from relnas_mm.pipeline.report.content import Content
from relnas_mm.pipeline.report.drawings import Drawing
from relnas_mm.pipeline.report.links import relative_link
from relnas_mm.pipeline.report.photos import MOST_CHARACTERS, embedded
from relnas_mm.plots.embed import data_uri
from relnas_mm.version import __version__

_MOST_REPLAY = 1_500_000
"""Longer pages of a replay, in characters, are not embedded."""

_LARGEST_CURVE = 500_000
"""Larger pictures of a search, in bytes, are not embedded."""


def html_page(content: Content) -> str:
    """Renders the page."""
    photos = [photo for gallery in content.galleries for photo in gallery.photos]
    most = MOST_CHARACTERS // max(1, len(photos))
    replay = _embedded_replay(content.replay)
    work_dir = content.results.work_dir
    return render_page(
        __package__ or "",
        "report.html.j2",
        {
            "content": content,
            "results": content.results,
            "tables": content.tables,
            "svg": _svg,
            "photo_uris": {photo: uri for photo in photos if (uri := embedded(photo, most))},
            "replay": replay,
            "replay_link": content.replay and relative_link(content.replay, work_dir),
            "script_hashes": _script_hashes(replay or ""),
            "search_curve": _embedded_curve(content.search_curve),
            "version": __version__,
        },
    )


def _svg(drawing: Drawing) -> Markup:
    return Markup(drawing.svg)


def _embedded_replay(path: Path | None) -> str | None:
    """The page that replays the search; `None` if there is none, or it is too long or cannot be read."""
    if path is None:
        return None
    try:
        return read_text(path, f"the replay {str(path)!r}", _MOST_REPLAY)
    except UserError:
        return None


def _embedded_curve(path: Path | None) -> str | None:
    return data_uri(path) if path is not None and path.stat().st_size <= _LARGEST_CURVE else None


def _script_hashes(page: str) -> list[str]:
    """What the Content-Security-Policy calls the scripts of an embedded page, which it allows and no others."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
