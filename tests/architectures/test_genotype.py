"""Genotypes: validation names the bad entry, files round-trip, hashes mean architectures."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relnas_mm.architectures import GENOTYPES, OPERATIONS, Genotype, load_genotype, save_genotype
from relnas_mm.errors import UserError

pytestmark = pytest.mark.unit


def cells(nodes):
    edges = [
        st.tuples(st.sampled_from(OPERATIONS), st.integers(0, node + 1)) for node in range(nodes) for _ in range(2)
    ]
    return st.tuples(*edges)


@st.composite
def genotypes(draw):
    normal, reduce = (draw(cells(draw(st.integers(1, 5)))) for _ in range(2))

    def concat(cell):
        nodes = list(range(2, 2 + len(cell) // 2))
        return tuple(sorted(draw(st.sets(st.sampled_from(nodes), min_size=1))))

    return Genotype(normal, reduce, concat(normal), concat(reduce))


@given(genotypes())
def test_dict_and_json_round_trip(genotype):
    again = Genotype.from_dict(json.loads(json.dumps(genotype.to_dict())))
    assert again == genotype and again.hash == genotype.hash


@given(genotypes(), st.data())
def test_hash_ignores_the_order_of_a_nodes_edges_only(genotype, data):
    node = data.draw(st.integers(0, len(genotype.normal) // 2 - 1))
    cell = list(genotype.normal)
    cell[2 * node], cell[2 * node + 1] = cell[2 * node + 1], cell[2 * node]
    swapped = Genotype(tuple(cell), genotype.reduce, genotype.concat, genotype.reduce_concat)
    assert swapped.hash == genotype.hash
    operation, source = cell[2 * node]
    cell[2 * node] = ("none" if operation != "none" else "skip_connect", source)
    changed = Genotype(tuple(cell), genotype.reduce, genotype.concat, genotype.reduce_concat)
    assert changed.hash != genotype.hash


def test_hashes_are_stable_and_different():
    hashes = {name: genotype.hash for name, genotype in GENOTYPES.items()}
    assert len(set(hashes.values())) == len(GENOTYPES)
    assert hashes["relativenas"] == "3f2086b0c4d6539283968b05ebadcdce4abd1eec6ca0bd24b42232677e90fccc"


def test_concat_of_the_reduction_cell_defaults_to_that_of_the_normal_one():
    relativenas, nasnet = GENOTYPES["relativenas"], GENOTYPES["nasnet"]
    assert relativenas.reduce_concat is None and relativenas.output_nodes(True) == (2, 3, 4, 5)
    assert nasnet.output_nodes(False) == (2, 3, 4, 5, 6) and nasnet.output_nodes(True) == (4, 5, 6)
    same = Genotype(relativenas.normal, relativenas.reduce, (2, 3, 4, 5), (2, 3, 4, 5))
    assert same == relativenas


GOOD = GENOTYPES["relativenas"].to_dict()
BAD = {
    "unknown operation": ("normal", 0, ["sep_conv_9x9", 0], r"normal\[0\].*'sep_conv_9x9'.*sep_conv_3x3"),
    "cycle": ("normal", 2, ["sep_conv_3x3", 3], r"normal\[2\] of node 3 reads node 3.*cycle.*0 to 2"),
    "later node": ("reduce", 0, ["sep_conv_3x3", 5], r"reduce\[0\] of node 2 reads node 5.*cycle"),
    "negative node": ("reduce", 7, ["sep_conv_3x3", -1], r"reduce\[7\] of node 5 reads node -1; allowed are 0 to 4"),
    "no pair": ("normal", 1, ["sep_conv_3x3"], r"normal\[1\].*pair"),
    "swapped pair": ("normal", 1, [0, "sep_conv_3x3"], r"normal\[1\].*pair"),
    "boolean node": ("normal", 1, ["sep_conv_3x3", True], r"normal\[1\].*pair"),
    "text": ("normal", 1, "sep_conv_3x3", r"normal\[1\].*pair"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_entry_is_named(name):
    key, index, entry, message = BAD[name]
    data = {k: list(v) for k, v in GOOD.items()}
    data[key][index] = entry
    with pytest.raises(UserError, match=message):
        load_genotype(data)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"concat": [2, 9]}, r"concat is \[2, 9\].*2 to 5"),
        ({"concat": [2, 2]}, "different nodes"),
        ({"concat": []}, "one or more"),
        ({"reduce_concat": [1]}, "reduce_concat"),
        ({"normal": GOOD["normal"][:3]}, "normal has 3 entries"),
        ({"normal": []}, "normal has 0 entries"),
        ({"normal": "darts"}, "list of"),
        ({"normals": []}, r"unknown genotype keys \['normals'\]"),
        ({"schema_version": 99}, "schema_version 99"),
        ({"hash": "0" * 64}, "does not fit"),
    ],
)
def test_a_bad_document_is_refused(change, message, tmp_path):
    path = tmp_path / "g.json"
    path.write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(UserError, match=message) as caught:
        load_genotype(path)
    assert "g.json" in str(caught.value)


def test_missing_keys_unknown_names_and_broken_files(tmp_path):
    with pytest.raises(UserError, match="lacks"):
        load_genotype({"normal": GOOD["normal"]})
    with pytest.raises(UserError, match=r"'relativnas'.*relativenas, "):
        load_genotype("relativnas")
    with pytest.raises(UserError, match="does not exist"):
        load_genotype("nowhere.json")
    for content in ('{"normal": [', "[1, 2]", "\xff"):
        path = tmp_path / "g.json"
        path.write_bytes(content.encode("latin1"))
        with pytest.raises(UserError, match="g.json"):
            load_genotype(path)


def test_save_and_load(tmp_path):
    path = save_genotype(GENOTYPES["nasnet"], tmp_path / "new" / "g.json", {"loss": 1.5})
    assert (
        load_genotype(path) == load_genotype(str(path)) == load_genotype("nasnet") == load_genotype(GENOTYPES["nasnet"])
    )
    assert json.loads(path.read_text())["meta"] == {"loss": 1.5}
    assert [file.name for file in path.parent.iterdir()] == ["g.json"]


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = save_genotype(GENOTYPES["nasnet"], tmp_path / "g.json")
    before = path.read_bytes()
    with pytest.raises(TypeError):
        save_genotype(GENOTYPES["darts_v1"], path, {"bad": object()})
    assert path.read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        save_genotype(GENOTYPES["nasnet"], tmp_path / "file" / "g.json")
