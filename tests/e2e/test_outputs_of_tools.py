"""Places where a tool cannot write are named before its work."""

import pytest
from helpers import run_tool

SSD = "configs/ssd/ssd160_relativenas-c16l6_4e_shapes-voc.py"
QUICKSTART = "configs/pipeline/quickstart.py"
SEARCH = "configs/search/relativenas_shapes_quick.py"
TEST = ["test.py", SSD, "LICENSE"]  # the output is checked before the checkpoint is read
REFUSED = {
    "metrics in a file": ([*TEST, "--out", "LICENSE/x.json"], "--out 'LICENSE/x.json' cannot be written: "),
    "metrics as a folder": ([*TEST, "--out", "docs"], "--out 'docs' is a folder; name a file"),
    "metrics of a new folder": ([*TEST, "--out", "no/"], "--out 'no/' is a folder; name a file"),
    "no name": ([*TEST, "--out", ""], "--out '' is a folder; name a file"),
    "read-only": ([*TEST, "--out", "/proc/no/x.json"], "--out '/proc/no/x.json' cannot be written: "),
    "pictures": ([*TEST, "--show-dir", "LICENSE"], "--show-dir 'LICENSE' is a file; name a folder"),
    "samples": (["browse_dataset.py", SSD, "--out", "LICENSE/x"], "--out 'LICENSE/x' cannot be written: "),
    "samples' seed": (["browse_dataset.py", SSD, "--seed", "-1"], "--seed is -1; it must be an integer from 0 to"),
    "comparison": (["compare.py", "no.py", "--record", "LICENSE"], "--record 'LICENSE' is a file; name a folder"),
    "pipeline": (["pipeline.py", QUICKSTART, "--record", "docs/"], "--record 'docs/' is a folder; name a file"),
    "contact sheet": (
        ["make_shapes.py", "{new}", "--contact-sheet", "LICENSE"],
        "--contact-sheet 'LICENSE' is a file; name a folder",
    ),
    "work_dir": (["search.py", SEARCH, "--work-dir", "LICENSE/x"], "the work_dir 'LICENSE/x' cannot be written: "),
}
pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_one_sentence(case, tmp_path):
    (tool, *arguments), sentence = REFUSED[case]
    done = run_tool(f"tools/{tool}", *(word.format(new=tmp_path / "new") for word in arguments))
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"error: {sentence}"), done.stderr
    assert list(tmp_path.iterdir()) == []
