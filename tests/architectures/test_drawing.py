"""Pictures of cells: every operation is in them, and they do not change by themselves."""

import itertools
import re

import numpy as np
import pytest
from helpers import run_tool
from PIL import Image

from relnas_mm.architectures import GENOTYPES, OPERATIONS, BenchmarkArchitecture
from relnas_mm.architectures.cell_figure import cells_figure, cells_tikz, layouts_of
from relnas_mm.architectures.cell_layout import text_width
from relnas_mm.architectures.drawing import COLOURS, write_picture
from relnas_mm.errors import UserError
from relnas_mm.spaces import CellSpace

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
    figure = cells_figure(GENOTYPES["nasnet"], titles=["a title"])
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


def every_cell():
    """The zoo, and 200 random genotypes."""
    space, rng = CellSpace(), np.random.default_rng(0)
    yield from GENOTYPES.values()
    yield from map(space.decode, space.sample(rng, 200))


def overlaps(layout):
    """Labels of boxes and circles that touch each other."""
    shapes = [(box.label, box.x, box.y, box.width / 2, box.height / 2) for box in layout.boxes]
    shapes += [(c.label, c.x, c.y, c.radius, c.radius) for c in layout.circles]
    return [
        (a[0], b[0])
        for index, a in enumerate(shapes)
        for b in shapes[index + 1 :]
        if abs(a[1] - b[1]) < a[3] + b[3] and abs(a[2] - b[2]) < a[4] + b[4]
    ]


def test_no_label_leaves_its_box_and_nothing_overlaps():
    for genotype in every_cell():
        for layout in layouts_of(genotype):
            assert overlaps(layout) == []
            assert all(text_width(box.label) <= box.width - 8 for box in layout.boxes)
            assert all(text_width(circle.label) <= 2 * circle.radius - 1 for circle in layout.circles)
            assert all(box.x - box.width / 2 > 0 and box.x + box.width / 2 < layout.width for box in layout.boxes)
            assert all(c.radius < c.y < layout.height - c.radius for c in layout.circles)


def test_no_connection_passes_behind_a_box_or_a_node_of_another():
    for genotype in itertools.islice(every_cell(), 40):
        for layout in layouts_of(genotype):
            for start, end, head, to_output in layout.lines:
                if head or to_output:
                    continue
                for x, y in np.linspace(start, end, 200):
                    assert not any(
                        abs(x - box.x) < box.width / 2 - 0.01 and abs(y - box.y) < box.height / 2
                        for box in layout.boxes
                    )
                    assert all(
                        np.hypot(x - circle.x, y - circle.y) > circle.radius
                        for circle in layout.circles
                        if (circle.x, circle.y) != start
                    )


def test_text_fits_its_box_as_it_is_rendered():
    """The renderer of PNG hints fonts, which makes text up to a tenth wider than its outlines."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = cells_figure(GENOTYPES["relativenas"])
    renderer = FigureCanvasAgg(figure).get_renderer()
    for axis in figure.axes:
        for text in axis.texts:
            points = text.get_window_extent(renderer).width * 72 / figure.dpi
            measured = text_width(text.get_text())
            assert 0.9 * measured < points < 1.1 * measured + 3


def test_tikz_has_every_operation(tmp_path):
    text = cells_tikz(GENOTYPES["nasnet"], GENOTYPES["darts_v2"], titles=["a_b", "c"])
    edges = sum(len(GENOTYPES[name].normal + GENOTYPES[name].reduce) for name in ("nasnet", "darts_v2"))
    assert text.count("rounded corners") == edges
    assert text.count(r"\begin{scope}") == text.count(r"\end{scope}") == 4 and r"a\_b: normal cell" in text


def test_two_genotypes_by_the_command(tmp_path):
    done = run_tool("tools/draw_genotype.py", "relativenas", "darts_v2", "--out", tmp_path / "both.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "both.png") as image:
        assert image.height > 350
    for words in (["relativenas", "macro_micro_cifar10_t"], ["relativenas", "--out", str(tmp_path / "a.gif")]):
        done = run_tool("tools/draw_genotype.py", *words)
        assert done.returncode == 2 and "Traceback" not in done.stderr
