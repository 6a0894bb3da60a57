"""Files that are no checkpoint of a trained network of cells: one sentence each, and no code of theirs is run."""

import io
import re
import warnings

import pytest
import torch
from helpers.original_checkpoints import SMALL, small_weights
from torch import nn

from relnas_mm.errors import UserError
from relnas_mm.evaluators.supernet.initial_weights import NetworkShape, initial_weights
from relnas_mm.models import CellBackbone
from relnas_mm.models.checkpoints.conversion import convert_checkpoint
from relnas_mm.models.checkpoints.files import read_checkpoint
from relnas_mm.models.pretrained import load_pretrained

pytestmark = pytest.mark.mm


class Evil:
    def __reduce__(self):
        return (print, ("run from a checkpoint",))


def saved(content, **options):
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def script():
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # torch advises against such files, which users still have
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(nn.Linear(1, 1)), buffer)
    return buffer.getvalue()


def without(*words):
    return {key: value for key, value in small_weights().items() if not key.startswith(words)}


BROKEN = {
    "empty": (lambda: b"", "it is damaged or no checkpoint"),
    "text": (lambda: b"hello", "it is damaged or no checkpoint"),
    "a web page": (lambda: b"<!DOCTYPE html><html></html>", "it is damaged or no checkpoint"),
    "cut": (lambda: saved(small_weights())[:-5000], "it is damaged or no checkpoint"),
    "cut in half": (lambda: saved(small_weights())[:100_000], "it is damaged or no checkpoint"),
    "cut old format": (
        lambda: saved(small_weights(), _use_new_zipfile_serialization=False)[:-5000],
        "it is damaged or no checkpoint",
    ),
    "code": (lambda: saved({"state_dict": small_weights(), "x": Evil()}), r"it holds pickled code \(\S*print\)"),
    "code, old format": (
        lambda: saved({"x": Evil(), **small_weights()}, _use_new_zipfile_serialization=False),
        r"it holds pickled code \(\S*print\)",
    ),
    "a pickled network": (
        lambda: saved(nn.Linear(1, 1)),
        r"it holds pickled code \(torch\.nn\.modules\.linear\.Linear\)",
    ),
    "TorchScript": (script, "it is damaged or no checkpoint"),
}
UNFIT = {
    "a list": (lambda: saved([1, 2]), "holds a list; it must hold weights by name"),
    "no tensors": (lambda: saved({"state_dict": {}, "epoch": 3}), "holds no weights, but .*epoch"),
    "the supernet of a search": (
        lambda: saved(initial_weights(NetworkShape(4, 6), seed=0)),
        r"is the supernet of a search \(operations up to _ops\.97 in every cell.*train the genotype",
    ),
    "DARTS' search": (
        lambda: saved({**small_weights(), "cells.0._ops.0._ops.4.op.1.weight": torch.zeros(4, 1, 3, 3)}),
        "is the supernet of a DARTS search",
    ),
    "the same weight twice": (
        lambda: saved(small_weights() | small_weights("module.")),
        r"holds stem0\.0\.weight twice, as 'stem0\.0\.weight' and as 'module\.stem0\.0\.weight'",
    ),
    "a genotype that is none": (
        lambda: saved({"state_dict": small_weights(), "meta": {"genotype": {"normal": 3}}}),
        "carries an unreadable genotype",
    ),
}
FIRST = "cells.0.preprocess1.op.1.weight"
LOOP: list = ["a"]
LOOP += [LOOP, LOOP]
SHARED: dict = {"a": 1}
for _ in range(64):
    SHARED = {"a": SHARED, "b": SHARED}
UNFIT |= {
    "a genotype that is a list": (
        lambda: saved({"state_dict": small_weights(), "meta": {"genotype": LOOP}}),
        "carries an unreadable genotype: it is a list, not a mapping",
    ),
    "a genotype without end": (
        lambda: saved({"state_dict": small_weights(), "meta": {"genotype": SHARED}}),
        "carries an unreadable genotype: it has more than 10000 parts",
    ),
    "a genotype of nested text": (
        lambda: saved({"state_dict": small_weights(), "meta": {"genotype": "[" * 100_000}}),
        "carries an unreadable genotype: it is not JSON",
    ),
}
NO_CELLS = {
    "no channels": (lambda: saved(small_weights() | {FIRST: torch.zeros(0, 1, 1, 1)}), "has 0 channels; allowed are 1"),
    "channels without end": (
        lambda: saved(small_weights() | {FIRST: torch.zeros(1, 1, 1, 1).expand(10**9, 1, 1, 1)}),
        "has 1000000000 channels; allowed are 1 to 65536",
    ),
    "no classes": (
        lambda: saved(small_weights() | {"classifier.weight": torch.zeros(0, 4)}),
        "has a classifier of 0 classes; it needs at least 1",
    ),
    "a number of thousands of digits": (
        lambda: saved({**without("cells.5."), f"cells.{'9' * 5000}.x": torch.zeros(1)}),
        r"no genotype of the zoo fits|does not fit",
    ),
    "another network": (
        lambda: saved(nn.Linear(2, 2).state_dict()),
        "is no network of cells .* lacks a stem .* and cells",
    ),
    "no stem": (lambda: saved(without("stem")), "lacks a stem"),
    "no cell 3": (lambda: saved(without("cells.3.")), "lacks cells numbered from 0 without gaps"),
    "no last cell": (lambda: saved(without("cells.5.")), r"no genotype of the zoo fits|does not fit"),
    "two cells": (lambda: saved(without("cells.2.", "cells.3.", "cells.4.", "cells.5.")), "has 2 cells; .* at least 3"),
    "grey images": (
        lambda: saved(small_weights() | {"stem0.0.weight": torch.zeros(2, 1, 3, 3)}),
        r"stem0\.0\.weight has shape \(2, 1, 3, 3\) in the file but \(2, 3, 3, 3\) there",
    ),
    "a scalar": (
        lambda: saved(small_weights() | {"cells.0.preprocess1.op.1.weight": torch.tensor(1.0)}),
        "lacks cells.0",
    ),
}


@pytest.mark.parametrize("case", [*BROKEN, *UNFIT, *NO_CELLS])
def test_bad_files_are_one_sentence(case, tmp_path, capsys):
    content, sentence = {**BROKEN, **UNFIT, **NO_CELLS}[case]
    path = tmp_path / "bad.pth"
    path.write_bytes(content())
    with pytest.raises(UserError) as caught:
        convert_checkpoint(str(path))
    message = str(caught.value)
    assert re.search("cannot be read: " * (case in BROKEN) + sentence, message), message
    assert "bad.pth" in message and "\n" not in message and "weights_only" not in message
    if case not in NO_CELLS:
        with pytest.raises(UserError, match=sentence):
            load_pretrained(CellBackbone(**SMALL), path)
    assert "run from" not in capsys.readouterr().out


def test_places_that_cannot_be_read(tmp_path):
    for source, reason in {
        str(tmp_path / "no.pth"): "does not exist",
        str(tmp_path / "no.safetensors"): "does not exist",
        str(tmp_path): "Is a directory",
        "http://127.0.0.1:9/x.pth": "cannot be read: .*refused",
        "nowhere://x.pth": "cannot be read",
    }.items():
        with pytest.raises(UserError, match=reason) as caught:
            convert_checkpoint(source)
        assert source in str(caught.value) and "\n" not in str(caught.value)
    for content in (b"", b"\0" * 100, b"\x10\0\0\0\0\0\0\0{}"):
        (tmp_path / "cut.safetensors").write_bytes(content)
        with pytest.raises(UserError, match=r"cut\.safetensors' cannot be read: it is damaged or no checkpoint"):
            read_checkpoint(str(tmp_path / "cut.safetensors"))


def test_heads_that_are_not_those_of_the_reference(tmp_path):
    path = tmp_path / "x.pth"

    def refused(weights, reason):
        torch.save(weights, path)
        with pytest.raises(UserError, match=reason):
            convert_checkpoint(str(path), "classifier", "relativenas")
        assert convert_checkpoint(str(path), genotype="relativenas").kept

    refused(without("classifier"), "holds no classifier.weight; only its backbone can be converted")
    refused(without("classifier.bias"), "classifier.bias is missing from the file")
    # Forks of DARTS put the second normalization back into the ImageNet head.
    refused(small_weights() | {"auxiliary_head.features.6.weight": torch.ones(768)},
            "auxiliary_head.features.6.weight of the file does not exist in CellClassifier")  # fmt: skip
    refused(
        small_weights() | {"auxiliary_head.classifier.bias": torch.ones(3)}, r"has shape \(3,\) in the file but \(10,\)"
    )
    with pytest.raises(UserError, match="target is 'detector'; allowed are 'backbone', 'classifier'"):
        convert_checkpoint(str(path), "detector")
