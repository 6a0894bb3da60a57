"""Faces: pairs in LFW's layout, the angular margin, verification, and that it all learns together."""

import math

import numpy as np
import pytest
import torch
from helpers import ROOT
from mmengine.registry import DATASETS, METRICS, MODELS
from PIL import Image

import relnas_mm.engine
import relnas_mm.models  # noqa: F401
from relnas_mm.datasets.faces import read_pairs
from relnas_mm.datasets.image_files import read_rgb
from relnas_mm.engine.metrics.verification import best_threshold, separation
from relnas_mm.errors import UserError
from relnas_mm.launch import build_runner, read_config
from relnas_mm.models.recognizers.arcface import add_margin

pytestmark = pytest.mark.mm

CONFIG = ROOT / "configs/faces/arcface_macro-micro-cifar10-t_1xb128-20e_lfw-112x112.py"
PERSONS = ("Ann_Example", "Bob_Example", "Cy_Example")
CHAIN = dict(width=4, layers=[["sep_conv", 3]] * 3)


@pytest.fixture
def lfw(tmp_path):
    """Three persons with two pictures each, each person of one brightness."""
    for shade, name in enumerate(PERSONS):
        (tmp_path / name).mkdir()
        for number in (1, 2):
            Image.new("L", (20, 24), 40 + 80 * shade).save(tmp_path / name / f"{name}_{number:04}.jpg")
    text = "1\t3\nAnn_Example\t1\t2\nBob_Example\t1\t2\nAnn_Example\t1\tCy_Example\t2\n"
    (tmp_path / "pairs.txt").write_text(text)
    return tmp_path


def test_pairs_of_lfw(lfw):
    assert read_pairs(lfw / "pairs.txt") == [
        ("Ann_Example/Ann_Example_0001.jpg", "Ann_Example/Ann_Example_0002.jpg", True),
        ("Bob_Example/Bob_Example_0001.jpg", "Bob_Example/Bob_Example_0002.jpg", True),
        ("Ann_Example/Ann_Example_0001.jpg", "Cy_Example/Cy_Example_0002.jpg", False),
    ]
    pipeline = read_config(str(CONFIG)).test_pipeline
    data = DATASETS.build(dict(type="FacePairs", data_root=str(lfw), pipeline=pipeline))
    assert [int(data[index]["data_samples"]) for index in range(3)] == [1, 1, 0]
    assert data[0]["inputs"].shape == (2, 3, 112, 112)
    model = MODELS.build({**read_config(str(CONFIG)).model, "num_classes": 3}).eval()
    (found,) = model(data[0]["inputs"][None], data[0]["data_samples"][None], mode="predict")
    assert -1 <= found["similarity"] <= 1 + 1e-5 and found["gt_label"] == 1


@pytest.mark.parametrize(
    "text, message",
    [
        ("10 300\nAnn 1\n", "line 2 of .* is 'Ann 1'"),
        ("Ann one 2\n", "line 1 of .* is 'Ann one 2'"),
        ("10 300\n", "is empty"),
        ("Ann_Example 1 9\n", "lacks 1 pictures of the pairs, 'Ann_Example/Ann_Example_0009.jpg' first"),
    ],
)
def test_bad_pairs_are_named(lfw, text, message):
    (lfw / "pairs.txt").write_text(text)
    with pytest.raises(UserError, match=message):
        DATASETS.build(dict(type="FacePairs", data_root=str(lfw)))
    with pytest.raises(UserError, match="cannot be read"):
        read_pairs(lfw / "missing.txt")


def test_the_config_trains_and_verifies(lfw, tmp_path):
    """By MMEngine's Runner, hooks included, at a small size."""
    for label in range(3):
        (tmp_path / "train" / str(label)).mkdir(parents=True)
        for number in range(4):
            Image.new("L", (20, 20), 60 * label + number).save(tmp_path / "train" / str(label) / f"{number}.png")
    config = read_config(str(CONFIG))
    small = {"batch_size": 4, "num_workers": 0, "persistent_workers": False, "pin_memory": False}
    config.merge_from_dict(
        {
            "work_dir": str(tmp_path / "run"),
            "model": {"num_classes": 3, "embedding": 8},
            "train_dataloader": {**small, "dataset": {"data_root": str(tmp_path), "num_classes": 3}},
            "val_dataloader": {**small, "dataset": {"data_root": str(lfw)}},
            "train_cfg": {"max_epochs": 1},
            "val_evaluator": {"folds": 3},
        }
    )
    config.model.backbone.chain = CHAIN
    runner = build_runner(config)
    runner.train()
    assert (tmp_path / "run" / "epoch_1.pth").is_file()
    assert 0 <= runner.message_hub.get_scalar("val/verification/auc").current() <= 100


@pytest.mark.data
def test_real_pictures_can_be_read(data_root):
    """The loader alone: nothing is trained on pictures of real persons."""
    path = sorted((data_root / "orl-faces" / "test").glob("*/*.png"))[0]
    assert read_rgb(path).size == (92, 112)


def test_the_margin_widens_the_right_angle():
    angles = torch.linspace(0.01, math.pi - 0.01, 200)
    cosines = torch.stack([angles.cos(), torch.full((200,), 0.3)], dim=1)
    logits = add_margin(cosines, torch.zeros(200, dtype=torch.int64), 0.5)
    inside = angles < math.pi - 0.5
    torch.testing.assert_close(logits[inside, 0], torch.cos(angles[inside] + 0.5), rtol=1e-4, atol=1e-4)
    assert (logits[1:, 0] < logits[:-1, 0]).all() and (logits[:, 1] == 0.3).all()
    assert torch.allclose(add_margin(cosines, torch.zeros(200, dtype=torch.int64), 0.0), cosines, atol=1e-6)


def test_verification_by_hand():
    metric = METRICS.build(dict(type="Verification", folds=2))
    values = [(0.9, 1), (0.8, 1), (0.2, 0), (0.7, 0), (0.95, 1), (0.75, 1), (0.1, 0), (0.3, 0)]
    found = metric.compute_metrics(values)
    # The first fold is judged by the threshold of the second, 0.525, and errs once; the second one by 0.75 exactly.
    assert found["accuracy"] == pytest.approx(87.5) and found["accuracy_std"] == pytest.approx(12.5)
    assert found["auc"] == 100 and found["eer"] == 0
    assert best_threshold(np.array([0.1, 0.4]), np.array([False, True])) == pytest.approx(0.25)
    assert separation(np.array([0.5, 0.5]), np.array([True, False])) == (0.5, 0.5)
    with pytest.raises(UserError, match="2 pairs, 2 of one person, cannot be judged"):
        metric.compute_metrics([(0.9, 1), (0.8, 1)])
    with pytest.raises(UserError, match="folds of Verification is 1"):
        METRICS.build(dict(type="Verification", folds=1))


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(num_classes=1), "num_classes is 1"),
        (dict(margin=2.0), "margin 2.0"),
        (dict(scale=0.0), "scale is 0.0"),
    ],
)
def test_bad_settings_are_named(options, message):
    settings = {"type": "ArcFaceRecognizer", "backbone": dict(type="ChainBackbone", chain=CHAIN), "num_classes": 4}
    with pytest.raises(UserError, match=message):
        MODELS.build({**settings, **options})


def test_it_learns_to_tell_strangers_apart():
    """Textures stand in for persons; those of the test are not among those that it is trained with."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    kinds = torch.randn(40, 3, 16, 16, generator=generator)

    def pictures(labels):
        return kinds[labels] + 0.7 * torch.randn(len(labels), 3, 16, 16, generator=generator)

    backbone = dict(type="ChainBackbone", chain={**CHAIN, "width": 16}, stem="cifar", out_indices=(2,), output_stride=4)
    model = MODELS.build(
        dict(type="ArcFaceRecognizer", backbone=backbone, num_classes=30, embedding=32, scale=16.0, margin=0.3)
    )

    def judged():
        pairs = [(a, a) for a in range(30, 40)] * 6 + [(a, 30 + (a - 29) % 10) for a in range(30, 40)] * 6
        inputs = torch.stack([pictures(torch.tensor(side)) for side in zip(*pairs)], dim=1)
        labels = torch.tensor([int(a == b) for a, b in pairs])
        metric = METRICS.build(dict(type="Verification", folds=4))
        with torch.no_grad():
            metric.process(None, model.eval()(inputs, labels, mode="predict"))
        order = np.random.default_rng(0).permutation(len(pairs))
        return metric.compute_metrics([metric.results[place] for place in order])

    before = judged()
    optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
    model.train()
    for _ in range(80):
        labels = torch.randint(0, 30, (32,), generator=generator)
        loss = model(pictures(labels), labels, mode="loss")["loss_arcface"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = judged()
    assert after["auc"] > before["auc"] + 3 and after["accuracy"] > 70
    assert model.eval()(pictures(torch.tensor([0, 1]))).norm(dim=1).tolist() == pytest.approx([1, 1], abs=1e-5)
