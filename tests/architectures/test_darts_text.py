"""Genotypes of other projects: the text that DARTS and its forks print, and their field names in JSON."""

import json
import warnings
from collections import namedtuple

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from test_genotype import genotypes

from relnas_mm.architectures import GENOTYPES, Genotype, load_architecture, load_chain, load_genotype
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit
DARTS_V2 = (  # as genotypes.py of DARTS has it
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
    "normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), "
    "('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=[2, 3, 4, 5])"
)
FORMS = {
    "alone": DARTS_V2,
    "range": DARTS_V2.replace("[2, 3, 4, 5]", "range(2, 6)"),
    "list of a range": DARTS_V2.replace("[2, 3, 4, 5]", "list(range(2, 6))"),
    "assigned": f"genotype = {DARTS_V2}\n",
    "log": f"2019-01-01 12:00:00,123 INFO genotype = {DARTS_V2}\n08/10 09:33 valid_acc (97.2)\n",
    "several times": f"epoch 1 (best)\n{DARTS_V2}\n\nepoch 2\r\n{DARTS_V2.replace(', ', ',  ')}\r\n",
    "module": f"genotypes.{DARTS_V2}",
    "quotes": DARTS_V2.replace("'", '"'),
    "lines": DARTS_V2.replace("), (", "),\n    ("),
    "numpy": DARTS_V2.replace("0)", "np.int64(0))").replace("[2, 3", "[np.int64(2), numpy.int32(3)"),
    "array": DARTS_V2.replace("[2, 3, 4, 5]", "array([2, 3, 4, 5])"),
    "positional": DARTS_V2.replace("normal=", "").replace("normal_concat=", ""),
    "ours": repr(GENOTYPES["darts_v2"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_forms_of_the_text(form, tmp_path):
    (path := tmp_path / "found.txt").write_text(FORMS[form], newline="")
    for source in (FORMS[form], path, str(path)):
        assert load_genotype(source) == load_architecture(source) == GENOTYPES["darts_v2"]


def test_a_list_for_each_node():
    """As pt.darts prints it."""
    cell = "[[('sep_conv_3x3', 0), ('none', 1)], [('skip_connect', 2), ('none', 0)]]"
    text = f"Genotype(normal={cell}, normal_concat=range(2, 4), reduce={cell}, reduce_concat=range(2, 4))"
    edges = (("sep_conv_3x3", 0), ("none", 1), ("skip_connect", 2), ("none", 0))
    assert load_genotype(text) == Genotype(edges, edges, (2, 3))


Printed = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")


@given(genotypes())
def test_what_is_printed_is_read_back(genotype):
    printed = Printed(
        list(genotype.normal),
        genotype.output_nodes(False),
        list(genotype.reduce),
        list(genotype.output_nodes(True)),
    )
    for text in (str(printed), f"INFO genotype = {printed}", repr(genotype)):
        assert load_genotype(text) == genotype


def document(**changes):
    ours = GENOTYPES["darts_v2"].to_dict()
    concat = ours.pop("concat")
    return {**ours, "normal_concat": concat, "reduce_concat": concat, **changes}


def test_json_with_the_names_of_darts(tmp_path):
    (path := tmp_path / "g.json").write_text(json.dumps(document()))
    assert load_genotype(path) == load_genotype(document()) == GENOTYPES["darts_v2"]
    path.write_text(json.dumps(document()), encoding="utf-8-sig")
    assert load_genotype(path) == GENOTYPES["darts_v2"]
    other = load_genotype(document(normal_concat=[3, 5], reduce_concat=[4]))
    assert other.output_nodes(False) == (3, 5) and other.output_nodes(True) == (4,)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"normal_concat": [2, 6]}, r"^the genotype mapping: concat is \[2, 6\]; it must list"),
        ({"reduce_concat": "range(2, 6)"}, r"^the genotype mapping: reduce_concat is 'range\(2, 6\)'; it must list"),
        ({"concat": [2]}, r"^the genotype mapping: unknown genotype keys \['normal_concat'\]"),
        ({"kind": []}, r"^the genotype mapping is of kind \[\]; allowed are 'genotype'$"),
    ],
)
def test_json_that_does_not_fit(changes, message):
    with pytest.raises(UserError, match=message):
        load_genotype(document(**changes))


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("'dil_conv_3x3'", "'van_conv_3x3'", r"names the unknown operation 'van_conv_3x3'; known are .*, none$"),
        ("reduce=", "reduced=", "the field 'reduced' is unknown or given twice; the form is Genotype"),
        ("normal=", "*normal, normal=", "the field 'normal' is unknown or given twice"),
        ("normal=", "**{'a': 1}, normal=", "the field None is unknown or given twice"),
        ("('dil_conv_3x3', 2)", "__import__('os').system('true')", r"system\('true'\) is no operation, number, list"),
        ("[2, 3, 4, 5]", "range(2, 10**12)", r"10 \*\* 12 is no operation, number"),
        ("[2, 3, 4, 5]", "range(1000000000000)", r"concat is range\(0, 1000000000000\); it must list"),
        ("[2, 3, 4, 5]", "range(2, 6, 0)", "cannot be read: it is no expression of Python"),
        ("('skip_connect', 0)", "('skip_connect', 0, 1)", "it must be an .operation, node. pair"),
        ("('skip_connect', 0)", "('skip_connect', 9)", "reads node 9, which would make a cycle"),
        ("('skip_connect', 0)", "('skip_connect' 0)", "cannot be read: invalid syntax"),
        ("('skip_connect', 0), ('dil", "('dil", "normal has 7 entries; it needs 2 for each intermediate node"),
        ("reduce_concat=[2, 3, 4, 5])", "", "ends before the bracket that closes Genotype"),
        ("reduce_concat=", "", "positional argument follows keyword argument"),
        ("normal=", "normal=" + 3000 * "[" + 3000 * "]" + ", normal=", "cannot be read: "),
    ],
)  # fmt: skip
def test_other_text_is_one_sentence(old, new, message, tmp_path):
    text = DARTS_V2.replace(old, new)
    (path := tmp_path / "found.txt").write_text(text)
    for source, start in ((text, "the genotype text "), (path, "the genotype file ")):
        with pytest.raises(UserError, match=message) as raised:
            load_genotype(source)
        assert str(raised.value).startswith(start) and "\n" not in str(raised.value)


def test_different_genotypes_in_one_text():
    text = f"{DARTS_V2}\n{DARTS_V2.replace('dil_conv_3x3', 'dil_conv_5x5')}"
    with pytest.raises(UserError, match="holds 2 different genotypes; keep the one that is meant"):
        load_genotype(text)


def test_text_is_no_chain():
    with pytest.raises(UserError, match="^the chain text .* is of kind 'genotype'; allowed is 'chain'$"):
        load_chain(DARTS_V2)


def refused(source):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserError) as raised:
            load_genotype(source)
    assert len(str(raised.value)) < 1000


@given(st.text())
@example("x" * 5000)
@example("x/" * 5000 + ".json")
@example("a\0b")
@example("~nobody-of-that-name/x")
@example("~nobody-of-that-name")
@example("\ud800")
@example("")
@example(".")
@example("/")
@example("/dev/null")
@example("Genotype(")
@example("Genotype()")
@example("Genotype('\\d')")
@example("Genotype(" + "(" * 5000 + ")" * 5000 + ")")
@example("Genotype(" * 5000 + ")" * 5000)
def test_any_text_is_refused_in_a_sentence(text):
    assume(text not in GENOTYPES)  # hypothesis knows the strings of the source
    refused(text)


@given(st.text("Genotyp(=,[]) 'normalduce_ct0123", max_size=60))
def test_any_arguments_are_refused_in_a_sentence(text):
    refused(f"Genotype({text})")
    refused(f"Genotype(normal={text}, reduce=[])")


@pytest.mark.parametrize("source", [None, 5, [("sep_conv_3x3", 0)], True, b"relativenas"])
def test_other_types_are_refused_in_a_sentence(source):
    with pytest.raises(UserError, match="^the genotype is .*; it must be a name, the path of a file or a mapping$"):
        load_genotype(source)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.text().map(str.encode))
@example(b"[" * 100_000)
@example(b"{" + b'"a":{' * 100_000)
@example(b"9" * 5000)
@example("Genotype()".encode("utf-16"))
@example(b"\xef\xbb\xbf")
def test_any_file_is_refused_in_a_sentence(tmp_path, content):
    for name in ("g.json", "g.txt"):
        (path := tmp_path / name).write_bytes(content)
        refused(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["normal", "reduce", "normal_concat", "reduce_concat", "kind", "hash", "schema_version"]), JSON)
def test_any_value_of_a_field_is_refused_in_a_sentence(key, value):
    assume(document()[key] != value if key in document() else value not in ("genotype", 1))
    try:
        load_genotype(document(**{key: value}))
    except UserError:
        return
    assert "concat" in key  # one that is allowed


def test_a_folder_is_named_as_one(tmp_path):
    (tmp_path / "g.json").mkdir()
    for path in (tmp_path, tmp_path / "g.json"):
        with pytest.raises(UserError, match=f"^the genotype file '{path}' is a folder; name a .json file$"):
            load_genotype(path)
