"""One contract and one reader for every family of architectures."""

import json

import pytest

from relnas_mm.architectures import (
    CHAINS,
    GENOTYPES,
    Architecture,
    BenchmarkArchitecture,
    Chain,
    Genotype,
    NASBench201Cell,
    load_architecture,
    load_chain,
    load_genotype,
)
from relnas_mm.errors import UserError
from relnas_mm.networks import NetworkShape

pytestmark = pytest.mark.unit
EXAMPLES = {
    "genotype": GENOTYPES["nasnet"],
    "chain": Chain.uniform(4, 8, skip=True),
    "benchmark": BenchmarkArchitecture("021"),
    "nasbench201": NASBench201Cell.of(["none", "skip_connect", "none", "nor_conv_1x1", "nor_conv_3x3", "none"]),
}


def test_there_is_an_example_of_every_family():
    families = Architecture.families.items()
    ours = {kind: family for kind, family in families if family.__module__.startswith("relnas_mm.")}
    assert {kind: type(example) for kind, example in EXAMPLES.items()} == ours


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_file_is_read_by_its_kind(kind, tmp_path):
    example = EXAMPLES[kind]
    path = example.save(tmp_path / "new" / "any.json", {"seed": 1})
    document = json.loads(path.read_text())
    assert document["kind"] == kind and document["hash"] == example.hash and document["meta"] == {"seed": 1}
    for source in (path, str(path), document, example):
        loaded = load_architecture(source)
        assert loaded == example and type(loaded) is type(example) and hash(loaded) == hash(example)
    assert load_architecture({**example.to_dict(), "kind": kind}).hash == example.hash


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("family, load", [(Genotype, load_genotype), (Chain, load_chain)])
def test_a_file_of_another_kind_is_one_sentence(kind, family, load, tmp_path):
    path = EXAMPLES[kind].save(tmp_path / "any.json")
    if family.kind == kind:
        assert load(path) == EXAMPLES[kind]
        return
    with pytest.raises(UserError, match=f"any.json' is of kind '{kind}'; allowed (are|is) '{family.kind}'$"):
        load(path)
    with pytest.raises(UserError, match=f"is of kind '{kind}'; allowed (are|is) '{family.kind}'$"):
        load(EXAMPLES[kind])


def test_unknown_kinds_and_names(tmp_path):
    (path := tmp_path / "any.json").write_text(json.dumps({**CHAINS["macro_micro_kmnist_t"].to_dict(), "kind": "tree"}))
    with pytest.raises(
        UserError, match="any.json' is of kind 'tree'; allowed are 'benchmark', 'chain', 'genotype', 'nas"
    ):
        load_architecture(path)
    with pytest.raises(UserError, match="unknown architecture 'resnet'; use one of relativenas, .*macro_micro_"):
        load_architecture("resnet")
    with pytest.raises(UserError, match="the architecture mapping is of kind 3"):
        load_architecture({"kind": 3})
    path.write_text("[1]")
    with pytest.raises(UserError, match="any.json': an architecture is a mapping, not list"):
        load_architecture(path)


def test_a_document_without_a_kind_is_a_genotype():
    assert load_architecture(GENOTYPES["darts_v1"].to_dict()) == GENOTYPES["darts_v1"]


def test_a_published_name_of_any_family():
    assert load_architecture("relativenas") is GENOTYPES["relativenas"]
    assert load_architecture("macro_micro_cifar10_m") is CHAINS["macro_micro_cifar10_m"]


def test_the_name_of_a_benchmark_is_a_string():
    name = EXAMPLES["benchmark"]
    assert name == str(name) == "021" and {name: 1}[str(name)] == 1
    assert name.to_dict() == {"name": str(name)} and BenchmarkArchitecture.from_dict(name.to_dict()) == name


@pytest.mark.parametrize(
    "document, message",
    [
        ("021", "a benchmark is a mapping with 'name', not str"),
        ({}, "the benchmark lacks .'name'."),
        ({"name": 21}, "the name of a benchmark architecture is 21; it must be text"),
        ({"name": "021", "size": 3}, "unknown benchmark keys .'size'."),
    ],
)
def test_bad_benchmark_architectures_are_named(document, message):
    with pytest.raises(UserError, match=message):
        BenchmarkArchitecture.from_dict(document)


def test_a_name_of_a_benchmark_has_no_network_and_no_cost():
    name = BenchmarkArchitecture("021")
    with pytest.raises(UserError, match="benchmark 021 cannot be built as a network"):
        name.build(NetworkShape())
    with pytest.raises(UserError, match="nothing is known of the cost of benchmark 021; leave out the budget"):
        name.cost(NetworkShape())


def test_a_saved_architecture_is_there_complete_or_not_at_all(tmp_path):
    path = EXAMPLES["chain"].save_to(tmp_path)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        EXAMPLES["chain"].with_width(9).save(path, {"bad": object()})
    assert path.read_bytes() == before
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        EXAMPLES["benchmark"].save_to(tmp_path / "file")


def test_another_family_needs_no_other_change(monkeypatch, tmp_path):
    """The promise of the contract: a subclass with a kind can be written and read."""
    monkeypatch.setattr(Architecture, "families", dict(Architecture.families))

    class Width(int, Architecture):
        kind = "width"

        def to_dict(self):
            return {"width": int(self)}

        @classmethod
        def from_dict(cls, data, source="the architecture"):
            return cls(data["width"])

    loaded = load_architecture(Width(7).save_to(tmp_path))
    assert loaded == 7 and type(loaded) is Width
