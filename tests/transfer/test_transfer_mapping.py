"""Which output of a cell stands for which old one, and the numbers that follow."""

import pytest

from relnas_mm.errors import UserError
from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.transfer.cell import choose_cell
from relnas_mm.transfer.channels import channels_table
from relnas_mm.transfer.families import follow_inputs, more_deconvolutions, pass_through
from relnas_mm.transfer.mapping import Levels, levels_of, match, match_each, output_stride_of, renumbered
from relnas_mm.transfer.overrides import overrides
from relnas_mm.transfer.text import Code, Commented, assigned

pytestmark = pytest.mark.unit

CELL = choose_cell("relativenas", 16, 6)
FOUR = Levels((256, 512, 1024, 2048), (16, 64, 128, 256), (0, 1, 2, 3))
THREE = Levels((128, 256, 512), (64, 128, 256), (0, 1, 2))


@pytest.mark.parametrize(
    ("strides", "output_stride", "expected"),
    [
        ([4, 8, 16, 32], 32, ("stem", 0, 1, 2)),
        ([8, 16, 32], 32, (0, 1, 2)),
        ([16], 32, (1,)),
        ([32], 32, (2,)),
        ([4, 8, 8, 8], 8, ("stem", 0, 1, 2)),
        ([4, 8], 8, ("stem", 2)),  # the deepest of several with that stride
        ([4, 8, 16, 16], 16, ("stem", 0, 1, 2)),
        ([8, 16], 16, (0, 2)),
    ],
)
def test_outputs_are_matched_by_stride(strides, output_stride, expected):
    assert match(strides, CELL.features(output_stride), exact=True) == expected


@pytest.mark.parametrize("strides", [[2, 4], [64], [4, 4], [32, 16], [4, 8, 16, 32, 64]])
def test_strides_that_a_cell_lacks(strides):
    assert match(strides, CELL.features(), exact=True) is None


def test_segmentation_takes_the_nearest_stride():
    assert match([2, 4, 8], CELL.features(8), exact=False) == ("stem", 1, 2)
    out_indices, places = match_each([64, 32, 8], 2, CELL.features(8))  # as in Fast-SCNN
    assert out_indices == (2,) and places == (0, 0, 0)
    out_indices, places = match_each([8, 4, 8, 16, 32], 0, CELL.features(8))  # as in BiSeNetV2
    assert out_indices == ("stem", 0, 1, 2) and places == (3, 0, 1, 2, 3)


def test_output_stride_follows_dilation():
    assert [output_stride_of([4, largest], True) for largest in (4, 8, 16, 32, 64)] == [8, 8, 16, 32, 32]
    assert output_stride_of([8, 16], False) == 32


@pytest.mark.parametrize(
    ("value", "places", "levels", "expected"),
    [
        ([256, 512, 1024, 2048], None, FOUR, [16, 64, 128, 256]),
        ((512, 1024, 2048), None, FOUR, (64, 128, 256)),
        ([512, 256, 128], None, THREE, [256, 128, 64]),  # YOLOv3
        ([1024, 512], None, FOUR, [128, 64]),
        ((128, 256, 512, 512, 256), None, THREE, (64, 128, 256, 512, 256)),  # SSD
        ([512, 2048], (1, 3), FOUR, [64, 256]),
        (2048, 3, FOUR, 256),
        (1024, -2, FOUR, 128),
        (2048, None, FOUR, 256),
        (3840, None, FOUR, 464),  # all concatenated
        (512, None, FOUR, 64),
        (300, None, FOUR, None),
        ([1, 2], None, FOUR, None),
        ("BN", None, FOUR, None),
        (True, None, FOUR, None),
    ],
)
def test_numbers_of_channels(value, places, levels, expected):
    assert renumbered(value, levels, places) == expected
    assert type(renumbered(value, levels, places)) is type(expected)


def test_the_same_number_at_several_places():
    levels = Levels((768, 768, 768), (16, 64, 128), (0, 1, 2))
    assert [renumbered(768, levels, place) for place in (0, 1, 2)] == [16, 64, 128]


def test_necks_that_pass_maps_on():
    assert pass_through({"type": "FPN", "in_channels": [1], "out_channels": 256}, FOUR) is None
    assert pass_through({"type": "GlobalAveragePooling"}, FOUR) is FOUR
    joined = pass_through({"type": "mmpose.FeatureMapProcessor", "concat": True}, FOUR)
    assert joined is not None and (joined.old, joined.new) == ((3840,), (464,))
    one = pass_through({"type": "FeatureMapProcessor", "select_index": 1}, FOUR)
    assert one is not None and (one.old, one.new) == ((512,), (64,))
    neck = {"type": "SSDNeck", "in_channels": (128, 256), "out_channels": (128, 256, 512)}
    levels = pass_through(neck, Levels((128, 256), (64, 128), (0, 1)))
    assert levels is not None and levels.new == neck["out_channels"] == (64, 128, 512)
    jpu = pass_through(
        {"type": "JPU", "in_channels": (512, 1024, 2048), "mid_channels": 10}, Levels(*[(5, 6, 7)] * 2, (0, 1, 2))
    )
    assert jpu is not None and jpu.new == (5, 6, 40)


def test_settings_that_follow_inputs():
    head = {"in_channels": 90, "deconv_out_channels": (160, 160), "deconv_num_groups": (160, 160)}
    follow_inputs(head)
    assert head["deconv_num_groups"] == (10, 160)
    head = {"type": "FCNHead", "in_channels": 90, "channels": 384, "num_convs": 0}
    follow_inputs(head)
    assert head["channels"] == 90


def test_deconvolutions_make_up_for_the_stride():
    head = {"type": "HeatmapHead", "deconv_out_channels": None}
    more_deconvolutions(head, 4, 32)
    assert head["deconv_out_channels"] == (256,) * 3 and head["deconv_kernel_sizes"] == (4,) * 3
    head = {"type": "HeatmapHead", "deconv_out_channels": (99, 88), "deconv_kernel_sizes": (3, 3)}
    more_deconvolutions(head, 16, 32)
    assert head["deconv_out_channels"] == (256, 99, 88) and head["deconv_kernel_sizes"] == (4, 3, 3)


def test_levels_of_a_backbone():
    old = [FeatureInfo(256, 4), FeatureInfo(2048, 32)]
    assert levels_of(old, ("stem", 2), CELL.features()) == Levels((256, 2048), (16, 256), (0, 1))


def test_the_table_of_channels():
    lines = channels_table(choose_cell("relativenas"), 16).splitlines()
    assert lines[0].split() == ["out_indices", "channels", "stride"]
    assert [line.split() for line in lines[2:]] == [
        ["'stem'", "46", "4"],
        ["0", "184", "8"],
        ["1", "368", "16"],
        ["2", "736", "16"],
        ["sum", "1334"],
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.json",), "does not exist"),
        (("relativenas", 0), "init_channels is 0"),
        (("relativenas", 16, 2), "num_cells is 2"),
        (("macro_micro_cifar10_t", 16), "--init-channels is 16"),
        (("relativenas", None, None, "no.pth"), "--weights is 'no.pth'"),
    ],
)
def test_cells_that_are_none(arguments, words):
    with pytest.raises(UserError, match=words):
        choose_cell(*arguments)


def test_overrides_are_minimal():
    old = {
        "type": "A",
        "neck": {"type": "N", "in_channels": [1, 2], "num_outs": 5},
        "heads": [{"a": 1, "b": 2}, {"a": 3}],
    }
    new = {
        "type": "A",
        "neck": {"type": "N", "in_channels": [3, 4], "num_outs": 5},
        "heads": [{"a": 9, "b": 2}, {"a": 3}],
    }
    text = assigned("model", overrides(old, new, {("model", "neck"): "Because."}, ("model",)))
    base = {"model": old}

    class Reference:
        """`_base_` as mmengine gives it."""

        model = type("Model", (), {"heads": base["model"]["heads"]})

    scope = {"_base_": Reference}
    exec(text, scope)
    assert scope["model"] == {"neck": {"in_channels": [3, 4]}, "heads": new["heads"]}
    assert "# Because." in text and "num_outs" not in text
    replaced = overrides({"b": {"type": "X", "k": 1}}, {"b": {"type": "Y"}}, {}, ("model",))
    assert replaced == {"b": {"_delete_": True, "type": "Y"}}


def test_text_of_settings_is_what_they_are():
    value = {"type": "A", "list": [1, (2,), {"x y": None, 3: "it's"}], "long": ["abcdefghij"] * 15, "empty": {}}
    scope = {"other": 5}
    exec(assigned("v", Commented({**value, "ref": Code("other")}, "word " * 60)), scope)
    assert scope["v"] == {**value, "ref": 5}
    assert max(map(len, assigned("v", Commented(value, "word " * 60)).splitlines())) <= 120
