"""Self-contained page that replays a search: the population, the teacher-student pairs and the best cells."""

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
        path: HTML file to write.
    """
    data = {"generations": list(generations), "candidates": _projected(candidates)}
    page = files("relnas_mm.search").joinpath("replay.html").read_text(encoding="utf-8")
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")  # no text ends the script
    path.write_text(page.replace(_DATA, text), encoding="utf-8")


def _projected(candidates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Replaces the vectors of candidates by their first two principal components, scaled to [-1, 1]."""
    vectors = np.array([line["vector"] for line in candidates], dtype=float)
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    plane = np.zeros((len(vectors), 2))
    plane[:, : len(axes)] = centred @ axes.T
    plane /= np.abs(plane).max() or 1.0
    return [
        {**{key: value for key, value in line.items() if key != "vector"}, "place": [round(float(x), 4) for x in point]}
        for line, point in zip(candidates, plane)
    ]
