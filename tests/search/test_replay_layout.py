"""Pictures of cells in the replay: the page's own layout, run by Node, keeps everything apart."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from helpers import ROOT

from relnas_mm.architectures import GENOTYPES
from relnas_mm.spaces import CellSpace

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(
        shutil.which("node") is None, reason="Node, which runs the page's script here, is not installed"
    ),
]
CHECK = """
const context = {measureText: text => ({width: 6.6 * text.length})};
const document = {createElement: () => ({getContext: () => context}), body: null};
const getComputedStyle = () => ({fontFamily: "sans-serif"});
%s
const cells = JSON.parse(require("fs").readFileSync(0, "utf8"));
const fail = text => { throw new Error(text); };
const touching = (a, b) => Math.abs(a[0] - b[0]) < a[2] + b[2] && Math.abs(a[1] - b[1]) < a[3] + b[3];
for (const [edges, concat] of cells) {
  const {boxes, nodes, out, width, height} = cellLayout(edges, concat);
  const shapes = boxes.map(b => [b.x + b.width / 2, b.y, b.width / 2, 9]);
  shapes.push(...[...nodes, out].map(n => [n.x, n.y, n.r, n.r]));
  shapes.forEach((a, i) => shapes.slice(i + 1).forEach(b => touching(a, b) && fail(JSON.stringify([edges, a, b]))));
  for (const b of boxes) if (textWidth(labelOf(b.operation)) > b.width - 8) fail(`${b.operation} leaves its box`);
  for (const [x, y, w, h] of shapes) if (x < w || y < h || x + w > width || y + h > height) fail("out of the picture");
}
console.log(cells.length);
"""


def test_no_label_leaves_its_box_and_nothing_overlaps():
    page = (ROOT / "relnas_mm" / "search" / "replay.html").read_text()
    layout = page[page.index("const ruler") : page.index("function drawCell(")]
    space = CellSpace()
    genotypes = [*GENOTYPES.values(), *map(space.decode, space.sample(np.random.default_rng(0), 200))]
    cells = [(g.edges(kind), g.output_nodes(kind)) for g in genotypes for kind in (False, True)]
    done = subprocess.run(
        ["node", "-e", CHECK % layout], input=json.dumps(cells), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-1500:]
    assert int(done.stdout) == 2 * len(genotypes)
