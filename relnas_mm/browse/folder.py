"""A folder of pictures that can be rewritten without touching foreign files."""

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from relnas_mm.errors import UserError
from relnas_mm.files import read_json
from relnas_mm.outputs import draft_of, output_folder

INDEX = "browse.json"
SHEET = "contact_sheet.png"
TILE, MOST_TILES = 240, 64


class PictureFolder:
    """Writes pictures, a contact sheet of the first 64, and their names in `browse.json`.

    Args:
        path: A folder that is missing, empty, or was written by this class; it is created.

    Raises:
        UserError: The folder holds other files, or cannot be written.
    """

    def __init__(self, path: Path):
        self.path = output_folder(path, "--out")
        if path.is_dir() and any(path.iterdir()) and not (path / INDEX).is_file():
            raise UserError(f"--out {str(path)!r} holds other files and no {INDEX}; name a new or an empty folder")
        self.old = self._old_files()

    def write(
        self, pictures: Iterable[tuple[str, Image.Image]], description: dict[str, object], may_be_empty: bool = False
    ) -> list[Path]:
        """Writes all pictures to a temporary folder, and then replaces those of the last run.

        Args:
            pictures: Names without suffix, and pictures.
            description: Further content of `browse.json`.
            may_be_empty: Whether there may be no picture, and then no contact sheet.

        Returns:
            Paths of the pictures in order, and of the contact sheet.

        Raises:
            UserError: There is no picture, or one would overwrite a foreign file.
        """
        with draft_of(self.path) as scratch:
            names, tiles = [], []
            for name, picture in pictures:
                names.append(re.sub(r"[^\w.-]+", "_", name) + ".png")
                picture.save(scratch / names[-1])
                if len(tiles) < MOST_TILES:
                    picture.thumbnail((TILE, TILE))
                    tiles.append(picture)
            if tiles or not may_be_empty:
                names.append(SHEET)
                contact_sheet(tiles).save(scratch / SHEET)
            (scratch / INDEX).write_text(json.dumps({**description, "files": names}, indent=1) + "\n")
            self._replace_by(scratch, [*names, INDEX])
        return [self.path / name for name in names]

    def _replace_by(self, scratch: Path, names: list[str]) -> None:
        for name in names:
            if name not in (*self.old, INDEX) and (self.path / name).exists():
                raise UserError(f"{str(self.path / name)!r} is there already and not one of {INDEX}; it was left alone")
        for name in self.old:
            (self.path / name).unlink(missing_ok=True)
        for name in names:
            (scratch / name).replace(self.path / name)

    def _old_files(self) -> list[str]:
        if not (self.path / INDEX).is_file():
            return []
        try:
            files = read_json(self.path / INDEX, INDEX)["files"]
            if isinstance(files, list) and all(Path(name).name == name and name.endswith(".png") for name in files):
                return files
        except (ValueError, KeyError, TypeError):
            pass
        raise UserError(f"{str(self.path / INDEX)!r} is damaged; name another folder or remove this one")


def contact_sheet(tiles: list[Image.Image]) -> Image.Image:
    """Arranges pictures in a grid that is about square.

    Raises:
        UserError: There are none.
    """
    if not tiles:
        raise UserError("there is nothing to draw: the data set is empty")
    columns = math.ceil(math.sqrt(len(tiles)))
    width, height = max(tile.width for tile in tiles) + 4, max(tile.height for tile in tiles) + 4
    sheet = Image.new("RGB", (columns * width, math.ceil(len(tiles) / columns) * height), "white")
    for index, tile in enumerate(tiles):
        sheet.paste(tile, (index % columns * width + 2, index // columns * height + 2))
    return sheet
