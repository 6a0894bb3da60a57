"""Values of another kind or size in files that are well-formed otherwise."""

import json
import os
import resource
import struct
import zipfile
from pathlib import Path

import pytest
import torch
from helpers.original_checkpoints import small_weights
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from relnas_mm.architectures import load_chain
from relnas_mm.datasets.arrays import load_images
from relnas_mm.datasets.image_files import read_header
from relnas_mm.datasets.keypoints.mpii import check_people
from relnas_mm.errors import UserError
from relnas_mm.files import LARGE, read_bytes
from relnas_mm.models.checkpoints.conversion import convert_checkpoint
from relnas_mm.models.checkpoints.files import read_checkpoint
from relnas_mm.plots.training import loss_curve
from relnas_mm.predictors.config import PREDICTOR_CONFIGS, PredictorConfig
from relnas_mm.predictors.encodings import ENCODINGS

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "row", ['{"loss": [1], "step": 1}', '{"loss": 1}', '{"loss": 1, "step": "/dev/zero"}', '{"loss": 1, "step": {}}']
)
def test_logs_with_values_that_are_no_numbers(tmp_path, row):
    (tmp_path / "2026" / "vis_data").mkdir(parents=True)
    (tmp_path / "2026" / "vis_data" / "scalars.json").write_text(row + "\n")
    with pytest.raises(UserError, match="both must be numbers"):
        loss_curve(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden": 1.5}, "hidden of the predictor is 1.5; it must be an integer from 1 to 65536"),
        ({"members": True}, "members of the predictor is True"),
        ({"hidden": 10**9}, "hidden of the predictor is 1000000000"),
        ({"most_steps": -1}, "most_steps of the predictor is -1; it must be an integer from 0"),
        ({"lr": float("nan")}, "lr of the predictor is nan; it must be a number"),
        ({"weight_decay": "x"}, "weight_decay of the predictor is 'x'"),
    ],
)
def test_settings_of_predictors(change, says):
    with pytest.raises(UserError, match=says):
        PredictorConfig(**change)


def test_predictors_for_encodings_of_another_kind():
    for config, encoding in (("reference", "transnas-macro/flow"), ("improved", "cells/tensor")):
        with pytest.raises(UserError, match="is for an encoding of kind"):
            PREDICTOR_CONFIGS[config].build(ENCODINGS[encoding])


def test_names_of_images_of_mpii_are_numbers(tmp_path):
    person = {"image": "a.jpg", "center": [1, 1], "scale": 1, "joints": [[1, 1]] * 16, "joints_vis": [1] * 16}
    (tmp_path / "a.json").write_text(json.dumps([person]))
    with pytest.raises(UserError, match="person 1 .* names the image 'a.jpg'; MPII's are numbers"):
        check_people(tmp_path / "a.json", 16)


def test_a_damaged_png_without_a_size_that_fits(tmp_path):
    Image.new("L", (40, 40)).save(tmp_path / "a.png", pnginfo=PngInfo())
    content = bytearray((tmp_path / "a.png").read_bytes())
    place = content.index(b"IDAT") + 4
    content[place : place + 4] = b"\0\0\0\0"
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UserError, match="is not a readable image"):
        read_header(tmp_path / "a.png")


def test_small_files_take_little_memory(tmp_path):
    """Whatever the largest allowed size is."""
    (tmp_path / "a").write_bytes(b"text")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + (256 << 20), before[1]))
    try:
        assert read_bytes(tmp_path / "a", "it", LARGE) == b"text"
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.mm
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, None])
def test_a_checkpoint_that_asks_for_memory(tmp_path, method):
    """torch allows `bytearray`, so that 80 bytes take 2 GB."""
    path, size = tmp_path / "a.pth", struct.pack("<i", 2**31 - 1)
    content = b"\x80\x02}X\x01\0\0\0xcbuiltins\nbytearray\nJ" + size + b"\x85Rs."
    if method is None:
        torch.save({}, path, _use_new_zipfile_serialization=False)
        path.write_bytes(path.read_bytes().replace(b"\x80\x02}q\x00.", content))
    else:
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("a/data.pkl", content)
            archive.writestr("a/version", "3\n")
    with pytest.raises(UserError, match=r"it holds pickled code \(builtins.bytearray\), which is never run"):
        read_checkpoint(str(path))


@pytest.mark.mm
@pytest.mark.parametrize("weight", [torch.zeros(1).expand(1 << 20, 1 << 20), torch.empty(1 << 40, device="meta")])
def test_weights_without_their_numbers(tmp_path, weight):
    torch.save({"state_dict": small_weights() | {"stem0.0.weight": weight}}, tmp_path / "a.pth")
    with pytest.raises(UserError, match=r"holds stem0\.0\.weight of shape .* without its numbers"):
        convert_checkpoint(str(tmp_path / "a.pth"))


@pytest.mark.parametrize("folder", ["~nobody-of-that-name/data", "a\0b", "x" * 20_000])
def test_folders_that_cannot_be_paths(folder):
    with pytest.raises(UserError, match=r"the data folder of type 'cifar10' is .* which cannot be used"):
        load_images("cifar10", folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"width": 10**9}, "the width of a chain is 1000000000; it must be at most"),
        ({"layers": [["sep_conv", 3]] * 200_000}, "a chain has 200000 layers; it has at most"),
        ({"layers": [["x" * 20_000, 3]] * 3}, "layer 0 of a chain is "),
        ({"layers": 5}, "the layers of a chain are 5"),
    ],
)
def test_chains_without_end(change, says):
    document = {"width": 4, "layers": [["sep_conv", 3]] * 3} | change
    with pytest.raises(UserError, match=says) as error:
        load_chain(document)
    assert len(str(error.value)) < 400


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "a.json")
    for read in (lambda path: read_bytes(path, "it"), lambda path: check_people(path, 16), load_chain):
        with pytest.raises(UserError, match="pipe|no regular file"):
            read(tmp_path / "a.json")
    with pytest.raises(UserError, match="it is a pipe or a device"):
        read_checkpoint(str(tmp_path / "a.json"))
