"""Pictures embedded in self-contained pages."""

import base64
from pathlib import Path


def data_uri(picture: Path) -> str:
    """Encodes a PNG or JPEG file as a data URI."""
    kind = "jpeg" if picture.suffix == ".jpg" else picture.suffix.lstrip(".")
    return f"data:image/{kind};base64,{base64.b64encode(picture.read_bytes()).decode()}"
