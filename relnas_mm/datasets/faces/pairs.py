"""Pairs of faces in the layout of Labeled Faces in the Wild."""

from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS

from relnas_mm.errors import UserError
from relnas_mm.files import expanded

Pair = tuple[str, str, bool]


def read_pairs(path: Path, ending: str = ".jpg") -> list[Pair]:
    """Reads `pairs.txt`, with lines `NAME 1 4` for two pictures of one person and `NAME 1 OTHER 2` for two persons.

    Args:
        path: The file; a first line of one or two numbers (folds, pairs) is skipped.
        ending: Suffix of the pictures `NAME/NAME_0001.jpg`.

    Returns:
        Two paths relative to the folder of pictures, and whether they show the same person.

    Raises:
        UserError: The file cannot be read, or a line is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the pairs {str(path)!r} cannot be read: {error}") from None
    pairs = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or (number == 1 and len(words) <= 2 and all(word.isdecimal() for word in words)):
            continue
        if len(words) == 3:
            words = [words[0], words[1], words[0], words[2]]
        if len(words) != 4 or not words[1].isdecimal() or not words[3].isdecimal():
            raise UserError(
                f"line {number} of {str(path)!r} is {line!r}; it must be NAME NUMBER NUMBER or NAME NUMBER NAME NUMBER"
            )
        first, second = (f"{name}/{name}_{int(picture):04}{ending}" for name, picture in (words[:2], words[2:]))
        pairs.append((first, second, words[0] == words[2]))
    if not pairs:
        raise UserError(f"the file of pairs {str(path)!r} is empty")
    return pairs


@DATASETS.register_module()
class FacePairs(BaseDataset):
    """Pairs of pictures labelled with whether they show the same person.

    Args:
        data_root: Folder of the pictures, with one subfolder per person.
        pairs_file: `pairs.txt` (`read_pairs`), absolute or relative to `data_root`.
        ending: Suffix of the pictures.
        **kwargs: As for any mm data set: `pipeline`, which is applied to each picture, …

    Raises:
        UserError: The list cannot be read, or a picture is missing.
    """

    def __init__(self, data_root: str, pairs_file: str = "pairs.txt", ending: str = ".jpg", **kwargs: Any):
        self.folder, self.ending = expanded(data_root, "data_root"), ending
        self.pairs_file = self.folder / pairs_file
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """`paths` and `gt_label` (1 for the same person) of each pair."""
        pairs = read_pairs(self.pairs_file, self.ending)
        missing = sorted({name for pair in pairs for name in pair[:2] if not (self.folder / name).is_file()})
        if missing:
            raise UserError(f"{str(self.folder)!r} lacks {len(missing)} pictures of the pairs, {missing[0]!r} first")
        return [{"paths": [str(self.folder / name) for name in pair[:2]], "gt_label": int(pair[2])} for pair in pairs]

    def prepare_data(self, idx: int) -> dict[str, Any]:
        """`inputs`, (2, c, h, w), and the label as `data_samples`."""
        info = self.get_data_info(idx)
        packed = [self.pipeline({"img_path": path, "gt_label": info["gt_label"]}) for path in info["paths"]]
        assert all(part is not None for part in packed)
        return {
            "inputs": torch.stack([part["inputs"] for part in packed]),  # type: ignore[index]
            "data_samples": packed[0]["data_samples"],  # type: ignore[index]
        }
