"""The notebook runs from its first cell to its last, with fewer images, and detects something."""

import re

import pytest
from helpers import ROOT

nbformat = pytest.importorskip("nbformat", reason="needs nbformat, which nbclient brings")

NOTEBOOK = ROOT / "demo" / "search_to_detection.ipynb"
SMALL = """
SEARCH_IMAGES, POPULATION, GENERATIONS = 60, 2, 1
TRAIN_IMAGES, EPOCHS = 300, 3
TEST_IMAGES, SCORE = 20, 0.1
"""
CHANCE = 0.01
"""Above what the untrained detector reaches, less than 0.004."""


def outputs(notebook) -> tuple[str, int]:
    """What the cells have printed, and how many pictures they show."""
    parts = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    text = "".join(part.text for part in parts if part.output_type == "stream" and part.name == "stdout")
    return text, sum(any(kind.startswith("image/") for kind in part.get("data", {})) for part in parts)


def figures(text: str) -> tuple[float, int]:
    """Test mAP, and number of detections in the pictures."""
    return float(re.search(r"test mAP (\d\.\d+)", text)[1]), int(re.search(r"(\d+) detections in six", text)[1])


@pytest.mark.e2e
@pytest.mark.mm
@pytest.mark.slow
def test_it_searches_trains_and_detects(tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient, which the group dev brings")
    pytest.importorskip("ipykernel", reason="needs ipykernel, which the group dev brings")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    (parameters,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    parameters.source += SMALL
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=500, kernel_name="python3", resources=resources).execute()
    text, pictures = outputs(notebook)
    score, detections = figures(text)
    assert score > CHANCE and detections > 0 and pictures == 2
    assert (tmp_path / "work_dirs" / "search_to_detection" / "search" / "genotype.json").exists()


@pytest.mark.unit
def test_its_stored_outputs_are_small_and_of_a_run_at_full_scale():
    assert NOTEBOOK.stat().st_size < 300_000
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    text, pictures = outputs(notebook)
    score, detections = figures(text)
    assert score > 0.3 and detections > 6 and pictures == 2
