"""`--cfg-options`: mmengine's grammar, text as it was typed, and the way back to a command line and into files."""

import argparse
import re
import shlex

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from mmengine.config import Config, DictAction

from relnas_mm.cfg_options import CfgOptions, format_options, parse_option, parse_value
from relnas_mm.errors import UserError
from relnas_mm.launch import merge_options, read_config

pytestmark = pytest.mark.mm
NASTY = ["my data", "it's", 'say "x"', "C:\\new\\table", "a, b", "[x", "'q'", " x ", "", "5", "None", "true", "ü\n\t"]
WORDS = st.text("ab1.-+e_/:", min_size=1, max_size=6)
NESTED = st.recursive(
    WORDS,
    lambda inner: st.tuples(st.sampled_from(["[]", "()"]), st.lists(inner, max_size=3)).map(
        lambda pair: pair[0][0] + ",".join(pair[1]) + pair[0][1]
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "text, value",
    [
        ("my data", "my data"),
        (" my  data ", " my  data "),
        ("1e-3", 0.001),
        (" 1", 1),
        ("TRUE", True),
        ("None", None),
        ("none", "none"),
        ("1,2", [1, 2]),
        ("[traffic light, stop sign ]", ["traffic light", "stop sign"]),
        ("[(1, 2), [a b, ()], 'c, d']", [(1, 2), ["a b", ()], "c, d"]),
        ("(1,2),(3,4)", [(1, 2), (3, 4)]),
        ("[a,]", ["a"]),
        ("(a)", ("a",)),
        ("'[a, b]'", "[a, b]"),
        ('"it\'s, so"', "it's, so"),
        ("'it''s'", "it's"),
        ("'5'", "5"),
        ("[it's, 'a]b']", ["it's", "a]b"]),
        ("it's", "it's"),
        ("C:\\data (old)\\x", "C:\\data (old)\\x"),
        ("file(1", "file(1"),
        ("Genotype(normal=[('skip_connect', 0)], normal_concat=range(2, 6))",) * 2,
    ],
)
def test_values(text, value):
    assert parse_value(text) == value and type(parse_value(text)) is type(value)
    assert parse_option(f"a.b={text}") == ("a.b", value)


@given(st.text())
def test_text_without_list_syntax_stays_as_typed(text):
    value = parse_value(text) if not set(text) & set(",[]()'\"") else text
    assert value == text or value is None or isinstance(value, (bool, int, float))
    assert not isinstance(value, float) or value == float(text) or value != value


def by_mmengine(argument):
    parser = argparse.ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=DictAction)
    return parser.parse_args(["--cfg-options", argument]).cfg_options


@given(NESTED | st.lists(NESTED, min_size=1, max_size=3).map(",".join))
def test_the_grammar_is_that_of_mmengine(text):
    try:
        theirs = by_mmengine(f"key={text}")
    except RecursionError:  # mmengine takes (a),(b) for one tuple
        assume(False)
    assert repr(dict([parse_option(f"key={text}")])) == repr(theirs)


@given(st.text("a1.,[]()=", max_size=8))
@example("[a,(b)]")
def test_any_text_is_read_like_mmengine_or_refused(text):
    try:
        theirs = by_mmengine(f"key={text}")
        ours = dict([parse_option(f"key={text}")])
    except (AssertionError, RecursionError, UserError):
        assume(False)
    assume(not re.search(r"[)\]][^,]*[(\[]", text))  # two pairs, whose outer brackets mmengine takes for one
    assume("),(" not in text and "],[" not in text)
    assert ours == theirs


def test_two_pairs_of_brackets_are_text():
    assert parse_value("()1()") == "()1()" and parse_value("[(a)b(c),d]") == ["(a)b(c)", "d"]


@settings(max_examples=300)
@given(VALUES)
def test_formatted_values_are_read_back(value):
    (argument,) = format_options({"a.b": value})
    assert parse_option(argument) == ("a.b", value)
    assert repr(parse_option(argument)[1]) == repr(value)


@pytest.mark.parametrize("value", NASTY)
def test_plain_text_is_formatted_without_need_of_quotes_where_it_can(value):
    assert format_options({"a": "my data's"}) == ["a=my data's"]
    command = shlex.join(format_options({"a": value, "b": [value, (value,)]}))
    assert dict(map(parse_option, shlex.split(command))) == {"a": value, "b": [value, (value,)]}


def test_values_without_a_form_are_named():
    with pytest.raises(UserError, match=r"^pipeline is \{'x': 1\}; --cfg-options takes numbers, text"):
        format_options({"pipeline": [{"x": 1}]})


@pytest.mark.parametrize(
    "argument, reason",
    [
        ("train_cfg.max_epochs", "has no '='"),
        ("=", "has the key ''"),
        ("=1", "has the key ''"),
        ("max_epochs = 1", "has the key 'max_epochs '"),
        ("a..b=1", "has the key 'a..b'"),
        (".a=1", "has the key '.a'"),
        ("classes=[disc,box", r"lacks a '\]'"),
        ("classes=[disc", r"lacks a '\]'"),
        ("classes=disc,box]", r"has an unbalanced '\]'"),
        ("classes=([disc)]", r"has an unbalanced '\)'"),
        ("deep=" + "[" * 5000 + "]" * 5000, "has too many nested brackets"),
    ],
)
def test_malformed_arguments_are_one_sentence(argument, reason):
    parser = argparse.ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=CfgOptions)
    with pytest.raises(UserError, match=f"^--cfg-options .*{reason}.*; the form is KEY=VALUE") as raised:
        parser.parse_args(["--cfg-options", "fine=1", argument])
    assert argument[:20] in str(raised.value) and len(str(raised.value)) < 400


def test_options_add_up_and_later_ones_count():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cfg-options", nargs="+", action=CfgOptions)
    args = parser.parse_args(["--cfg-options", "a=1", "b=x y", "--cfg-options", "a=[2, 3]"])
    assert args.cfg_options == {"a": [2, 3], "b": "x y"}
    assert parser.parse_args([]).cfg_options is None


@pytest.mark.parametrize("options", [{"a": 1, "a.b": 2}, {"a": 1, "a.b.c": 2}, {"steps.0": 5}, {"steps.²": {"x": 1}}])
def test_options_that_contradict_are_one_sentence(options):
    with pytest.raises(UserError, match="^--cfg-options .* do not fit 'x.py': "):
        merge_options(Config({"steps": [{"a": 1}], "a": {}}), options, "x.py")


@pytest.mark.parametrize("value", NASTY)
def test_values_survive_the_dumped_config(value, tmp_path):
    (written := tmp_path / "it's a config.py").write_text("model = dict(path='', classes=[])\n")
    config = read_config(str(written))
    merge_options(config, {"model.path": value, "model.classes": [value, (value,)]}, "x.py")
    config.dump(tmp_path / "the dump.py")
    for read in (Config.fromfile(tmp_path / "the dump.py"), Config.fromstring(config.pretty_text, ".py")):
        assert read.to_dict() == config.to_dict()


def test_a_genotype_as_darts_prints_it():
    text = (
        "Genotype(normal=[('skip_connect', 0), ('none', 1)], normal_concat=range(2, 3), reduce=[], reduce_concat=[2])"
    )
    for typed in (text, f"genotype = {text}"):
        assert parse_option(f"model.backbone.genotype={typed}") == ("model.backbone.genotype", typed)
        assert format_options({"model.backbone.genotype": typed}) == [f"model.backbone.genotype={typed}"]
