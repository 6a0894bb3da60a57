"""One self-contained page that replays a search: the population, who learned from whom, and the cells changing."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

_DATA = "/*DATA*/null"


def write_replay(generations: Sequence[dict[str, Any]], candidates: Sequence[dict[str, Any]], path: Path) -> None:
    """Writes the page.

    Args:
        generations: Records of the generations.
        candidates: Records of the candidates.
        path: The file.
    """
    data = {"generations": list(generations), "candidates": _placed(candidates)}
    page = files("relnas_mm.search").joinpath("replay.html").read_text(encoding="utf-8")
    text = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    path.write_text(page.replace(_DATA, text), encoding="utf-8")


def _placed(candidates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Candidates with a place in the plane (first two principal components of all vectors) instead of a vector."""
    vectors = np.array([line["vector"] for line in candidates], dtype=float)
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    plane = np.zeros((len(vectors), 2))
    plane[:, : len(axes)] = centred @ axes.T
    plane /= np.abs(plane).max() or 1.0
    return [
        {**{key: value for key, value in line.items() if key != "vector"}, "place": [round(float(x), 4) for x in spot]}
        for line, spot in zip(candidates, plane)
    ]
