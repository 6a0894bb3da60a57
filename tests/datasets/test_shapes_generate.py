"""Writing the folder: reused, refused, or made at once; and the command line."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest
from helpers import ROOT

import relnas_mm.progress
from relnas_mm.datasets.shapes import generate, generate_shapes
from relnas_mm.datasets.shapes.contact_sheet import contact_sheet, save_small
from relnas_mm.datasets.shapes.manifest import MANIFEST
from relnas_mm.datasets.shapes.writers import LAYOUTS
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit
SMALL = {"layout": "voc", "splits": {"train": 3}, "image_size": 32}


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_data_set_is_reused(tmp_path):
    root = generate_shapes(tmp_path / "deep" / "voc", **SMALL)
    before = snapshot(root)
    assert generate_shapes(str(root), **SMALL) == root
    assert snapshot(root) == before


def test_repeated_runs_write_the_same_bytes(tmp_path):
    for layout, conf in LAYOUTS.items():
        splits = dict.fromkeys(conf.splits, 2)
        runs = [generate_shapes(tmp_path / run / layout, layout, splits) for run in "ab"]
        first, second = ({name: data for name, (_, data) in snapshot(run).items()} for run in runs)
        assert first == second


@pytest.mark.parametrize(
    "change", [{"seed": 1}, {"splits": {"train": 4}}, {"image_size": 48}, {"difficulty": 0.5}, {"layout": "cityscapes"}]
)
def test_another_data_set_is_refused_and_left_alone(tmp_path, change):
    root = generate_shapes(tmp_path / "voc", **SMALL)
    before = snapshot(root)
    with pytest.raises(UserError, match=next(iter(change))):
        generate_shapes(root, **{**SMALL, **change})
    assert snapshot(root) == before


def test_foreign_folders_are_refused_and_left_alone(tmp_path):
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.txt").write_text("years of work")
    before = snapshot(tmp_path)
    with pytest.raises(UserError, match="thesis.*not empty"):
        generate_shapes(foreign, **SMALL)
    with pytest.raises(UserError, match="is a file"):
        generate_shapes(foreign / "chapter1.txt", **SMALL)
    (foreign / MANIFEST).write_text("[]")
    with pytest.raises(UserError, match="damaged"):
        generate_shapes(foreign, **SMALL)
    (foreign / MANIFEST).unlink()
    assert snapshot(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file/voc cannot be created"):
        generate_shapes(tmp_path / "file" / "voc", **SMALL)


def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "disk" / "voc").mkdir(parents=True)
    (tmp_path / "voc").symlink_to(tmp_path / "disk" / "voc")
    for _ in range(2):
        assert generate_shapes(tmp_path / "voc", **SMALL) == tmp_path / "voc"
    assert (tmp_path / "voc").is_symlink() and (tmp_path / "disk" / "voc" / MANIFEST).is_file()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["voc"]


def test_a_data_set_with_lost_files_is_not_reused(tmp_path):
    root = generate_shapes(tmp_path / "voc", **SMALL)
    next((root / "VOCdevkit/VOC2007/JPEGImages").iterdir()).unlink()
    with pytest.raises(UserError, match="should hold"):
        generate_shapes(root, **SMALL)


def test_data_of_another_generator_version_are_refused(tmp_path):
    root = generate_shapes(tmp_path / "voc", **SMALL)
    manifest = json.loads((root / MANIFEST).read_text())
    (root / MANIFEST).write_text(json.dumps({**manifest, "version": 0}))
    with pytest.raises(UserError, match="version=0"):
        generate_shapes(root, **SMALL)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch, error):
    real = generate.take

    def failing(*arguments):
        if arguments[3] == 2:
            raise error
        return real(*arguments)

    monkeypatch.setattr(generate, "take", failing)
    (tmp_path / "voc").mkdir()  # an empty folder is fine to fill, and stays empty
    with pytest.raises(UserError if error is OSError else error):
        generate_shapes(tmp_path / "voc", **SMALL)
    assert [path.name for path in tmp_path.rglob("*")] == ["voc"]
    monkeypatch.undo()
    assert generate_shapes(tmp_path / "voc", **SMALL).is_dir()


@pytest.mark.parametrize("same", [True, False])
def test_losing_a_race_keeps_the_winners_folder(tmp_path, monkeypatch, same):
    other = generate_shapes(tmp_path / "other", **{**SMALL, "seed": 0 if same else 1})
    before, write = snapshot(other), generate.write_manifest

    def overtaken(folder, parameters):
        write(folder, parameters)
        shutil.move(other, tmp_path / "voc")

    monkeypatch.setattr(generate, "write_manifest", overtaken)
    if same:
        generate_shapes(tmp_path / "voc", **SMALL)
    else:
        with pytest.raises(UserError, match="seed=1"):
            generate_shapes(tmp_path / "voc", **SMALL)
    assert snapshot(tmp_path / "voc") == before
    assert [path.name for path in tmp_path.iterdir()] == ["voc"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": "imagenet"}, "'imagenet'.*cifar10"),
        ({"splits": {"tset": 3}}, "'tset'.*train, val, test"),
        ({"splits": {"train": 0}}, "splits\\['train'\\]=0"),
        ({"splits": {"train": 2.5}}, "2.5"),
        ({"splits": {}}, "empty"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**64}, "seed="),
        ({"seed": True}, "seed=True"),
        ({"image_size": 8}, "image_size=8"),
        ({"image_size": (32, 32, 3)}, "width, height"),
        ({"image_size": 64, "layout": "cifar10"}, "cifar10"),
        ({"difficulty": 1.5}, "difficulty=1.5"),
        ({"difficulty": float("nan")}, "difficulty=nan"),
        ({"difficulty": "hard"}, "difficulty='hard'"),
    ],
)
def test_bad_parameters_are_named(tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        generate_shapes(tmp_path / "voc", **{**SMALL, **change})
    assert not list(tmp_path.iterdir())


def test_long_jobs_report_progress(tmp_path, monkeypatch, capsys):
    for name in ("LINE_SECONDS", "_SAMPLE_SECONDS"):
        monkeypatch.setattr(relnas_mm.progress, name, 0.0)
    generate_shapes(tmp_path / "a", **SMALL)
    assert "images of voc: 3/3, eta 0:00:00" in capsys.readouterr().err
    generate_shapes(tmp_path / "b", **SMALL, progress=False)
    assert not capsys.readouterr().err


@pytest.fixture(scope="module")
def tool():
    path = ROOT / "tools" / "make_shapes.py"
    spec = importlib.util.spec_from_file_location("make_shapes", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(*arguments: object) -> int:
        sys.argv = ["make_shapes.py", *map(str, arguments)]
        with pytest.raises(SystemExit) as caught:
            module.main()
        return caught.value.code or 0

    argv = sys.argv
    yield run
    sys.argv = argv


def test_the_tool_writes_one_folder_per_layout(tool, tmp_path, capsys):
    code = tool(tmp_path / "d", "--layout", "voc", "cifar10", "--image-size", 48, "--splits", "train=5", "val=2")
    assert code == 0
    assert len(list((tmp_path / "d/voc/VOCdevkit/VOC2007/JPEGImages").iterdir())) == 7
    manifests = {p.parent.name: json.loads(p.read_text()) for p in (tmp_path / "d").glob(f"*/{MANIFEST}")}
    assert manifests["voc"]["image_size"] == [48, 48] and manifests["cifar10"]["image_size"] == [32, 32]
    assert manifests["cifar10"]["splits"] == {"train": 5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layout", "vco"], "'vco'"),
        (["--layout", "cifar10", "--splits", "val=3"], "'val=3'"),
        (["--splits", "train"], "'train' must be NAME=COUNT"),
        (["--layout", "voc", "--image-size", "1", "2", "3"], "[1, 2, 3]"),
        (["--layout", "cifar10", "--image-size", "64"], "cifar10"),
    ],
)
def test_the_tool_says_what_is_wrong_in_one_sentence(tool, tmp_path, capsys, arguments, message):
    assert tool(tmp_path / "d", *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_contact_sheets_stay_small(tmp_path, layout):
    save_small(contact_sheet(layout), tmp_path / "sheet.png")
    assert 5_000 < (tmp_path / "sheet.png").stat().st_size <= 150_000
