"""Pictures of cells: every operation is in them, and they do not change by themselves."""

import re

import pytest
from PIL import Image

from relnas_mm.architectures import GENOTYPES, OPERATIONS, BenchmarkArchitecture
from relnas_mm.architectures.drawing import COLOURS, cells_figure, write_picture
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", GENOTYPES)
def test_svg_is_deterministic_and_draws_every_edge(name, tmp_path):
    first, second = (GENOTYPES[name].draw(tmp_path / f"{i}.svg").read_text() for i in range(2))
    assert first == second
    genotype = GENOTYPES[name]
    for operation, colour in COLOURS.items():
        used = sum(op == operation for op, _ in genotype.normal + genotype.reduce)
        assert len(re.findall(f"fill: {colour};", first)) >= used


def test_png_and_every_operation_has_a_colour(tmp_path):
    figure = cells_figure(GENOTYPES["nasnet"], "a title")
    with Image.open(write_picture(figure, tmp_path / "new" / "g.png", GENOTYPES["nasnet"].hash)) as image:
        assert image.size[0] > 1000
        assert len(image.convert("RGB").getcolors(10**6)) > 20
    assert set(COLOURS) == set(OPERATIONS)


def test_bad_paths(tmp_path):
    with pytest.raises(UserError, match="'.svg' and '.png'"):
        GENOTYPES["nasnet"].draw(tmp_path / "g.gif")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        GENOTYPES["nasnet"].draw(tmp_path / "file" / "g.svg")


def test_a_genotype_is_saved_with_its_pictures(tmp_path):
    assert GENOTYPES["nasnet"].save_to(tmp_path / "run") == tmp_path / "run" / "genotype.json"
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == ["cells.png", "cells.svg", "genotype.json"]


def test_what_has_no_picture_says_so(tmp_path):
    with pytest.raises(UserError, match="there is no picture of benchmark 021"):
        BenchmarkArchitecture("021").draw(tmp_path / "g.svg")
