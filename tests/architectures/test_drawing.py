"""Pictures of cells: every operation is in them, and they do not change by themselves."""

import re

import pytest
from PIL import Image

from relnas_mm.architectures import GENOTYPES, OPERATIONS, draw_genotype
from relnas_mm.architectures.drawing import COLOURS
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", GENOTYPES)
def test_svg_is_deterministic_and_draws_every_edge(name, tmp_path):
    first, second = (draw_genotype(GENOTYPES[name], tmp_path / f"{i}.svg").read_text() for i in range(2))
    assert first == second
    genotype = GENOTYPES[name]
    for operation, colour in COLOURS.items():
        used = sum(op == operation for op, _ in genotype.normal + genotype.reduce)
        assert len(re.findall(f"fill: {colour};", first)) >= used


def test_png_and_every_operation_has_a_colour(tmp_path):
    with Image.open(draw_genotype(GENOTYPES["nasnet"], tmp_path / "new" / "g.png", "a title")) as image:
        assert image.size[0] > 1000
        assert len(image.convert("RGB").getcolors(10**6)) > 20
    assert set(COLOURS) == set(OPERATIONS)


def test_bad_paths(tmp_path):
    with pytest.raises(UserError, match="'.svg' and '.png'"):
        draw_genotype(GENOTYPES["nasnet"], tmp_path / "g.gif")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        draw_genotype(GENOTYPES["nasnet"], tmp_path / "file" / "g.svg")
