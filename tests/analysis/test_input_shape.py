"""The image size that a config implies, for each way of saying it."""

import pytest
from mmengine.config import Config

from relnas_mm.analysis.input_shape import config_shape, given_shape
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm

KEPT = "keep_ratio: the largest size that an image gets"


def config(*pipeline, model=None, dataset=None, **rest):
    dataset = dataset or dict(type="Wrapper", dataset=dict(pipeline=[dict(type="LoadImageFromFile"), *pipeline]))
    return Config(dict(model=dict(type="Net", **(model or {})), test_dataloader=dict(dataset=dataset), **rest))


RESIZE = dict(type="Resize", scale=(1000, 600), keep_ratio=True)
CASES = {
    "width first": (config(dict(type="Resize", scale=(300, 200))), "200x300", "Resize in the test pipeline"),
    "one side": (config(dict(type="mmdet.Resize", scale=320)), "320x320", "Resize in the test pipeline"),
    "kept ratio": (config(RESIZE), "600x1000", f"Resize in the test pipeline ({KEPT})"),
    "relative resize": (
        config(dict(type="Resize", scale=(64, 48)), dict(type="Resize", scale_factor=0.5)),
        *("48x64", "Resize in the test pipeline"),
    ),
    "padded by the model": (
        config(RESIZE, model=dict(data_preprocessor=dict(pad_size_divisor=32))),
        *("608x1024", f"Resize in the test pipeline ({KEPT}), padded by the data preprocessor's pad_size_divisor 32"),
    ),
    "padded in the pipeline": (
        config(dict(type="Resize", scale=(60, 50)), dict(type="Pad", size_divisor=8)),
        *("56x64", "Resize in the test pipeline, padded by Pad's size_divisor 8"),
    ),
    "crop after resize": (
        config(dict(type="torchvision/Resize", size=256), dict(type="torchvision/CenterCrop", size=[192, 224])),
        *("192x224", "torchvision/CenterCrop in the test pipeline"),
    ),
    "sliding window": (
        config(RESIZE, model=dict(test_cfg=dict(mode="slide", crop_size=(512, 768)))),
        *("512x768", "model.test_cfg.crop_size, the sliding window"),
    ),
    "pose": (
        config(dict(type="TopdownAffine", input_size=(192, 256))),
        *("256x192", "TopdownAffine in the test pipeline"),
    ),
    "codec": (config(codec=dict(input_size=(96, 128))), "128x96", "input_size of the codec"),
    "decoder": (
        config(model=dict(head=dict(decoder=dict(input_size=(96, 128))))),
        *("128x96", "input_size of the codec"),
    ),
    "arrays": (config(dataset=dict(type="ArrayDataset", data=dict(type="cifar10"))), "32x32", "the images of cifar10"),
    "array folder": (
        config(dataset=dict(type="ArrayDataset", data=dict(type="folder", size=48))),
        *("48x48", "the images of folder"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_config_says(case):
    given, shape, source = CASES[case]
    found = config_shape(given, "a.py")
    assert (str(found), found.source) == (shape, source)


@pytest.mark.parametrize("given", [config(), Config(dict(model=dict(type="Net"), test_dataloader=None))])
def test_a_config_that_does_not_say(given):
    with pytest.raises(UserError, match=r"the test pipeline of 'a\.py' does not say the image size; give it by"):
        config_shape(given, "a.py")


def test_a_config_without_a_model():
    with pytest.raises(UserError, match=r"the config 'a\.py' has no model"):
        config_shape(Config(dict(runner_type="SearchRunner")), "a.py")


def test_the_users_shape():
    assert str(given_shape(2, 3)) == "2x3"
    with pytest.raises(UserError, match="--shape is 0 3; height and width must be positive"):
        given_shape(0, 3)
