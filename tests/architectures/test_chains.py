"""Chains: data, files, published sizes, pictures."""

import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from relnas_mm.architectures import CHAINS, Chain, list_chains, load_architecture, load_chain
from relnas_mm.architectures.drawing import CHAIN_COLOURS
from relnas_mm.errors import UserError
from relnas_mm.networks import NetworkShape
from relnas_mm.networks.chain_plan import CHAIN_OPERATIONS, KERNEL_SIZES

CLASSES = {"CIFAR10": 10, "CIFAR100": 100, "EMNIST": 47, "FashionMNIST": 10, "KMNIST": 10}

chains = st.builds(
    Chain,
    width=st.integers(1, 6),
    layers=st.lists(
        st.tuples(st.sampled_from(CHAIN_OPERATIONS), st.sampled_from(KERNEL_SIZES)), min_size=3, max_size=9
    ),
    skip=st.booleans(),
)


@pytest.mark.golden
@pytest.mark.data
def test_the_formula_gives_the_parameters_of_every_logged_network(data_root):
    with (data_root / "tabular" / "Efficient-Macro-Micro-NAS" / "search_traces.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 669
    for row in rows:
        layers = tuple((CHAIN_OPERATIONS[int(o)], int(k)) for o, k in zip(row["ops"], row["kernels"]))
        channels = 3 if row["dataset"].startswith("CIFAR") else 1
        shape = NetworkShape(in_channels=channels, num_classes=CLASSES[row["dataset"]])
        assert f"{Chain(int(row['width']), layers).cost(shape).params / 1e6:.6f}" == row["params_M"]


@pytest.mark.golden
@pytest.mark.parametrize(
    "name, channels, classes, published",
    [
        ("macro_micro_cifar10_t", 3, 10, 0.466),
        ("macro_micro_cifar10_m", 3, 10, 2.490),
        ("macro_micro_cifar100_t", 3, 100, 0.489),
        ("macro_micro_cifar100_m", 3, 100, 2.593),
        ("macro_micro_emnist_t", 1, 47, 0.406),
        ("macro_micro_emnist_m", 1, 47, 2.253),
        ("macro_micro_fashionmnist_t", 1, 10, 0.508),
        ("macro_micro_fashionmnist_m", 1, 10, 6.160),
        ("macro_micro_kmnist_t", 1, 10, 0.420),
        ("macro_micro_kmnist_m", 1, 10, 2.711),
    ],
)
def test_the_networks_of_the_logs_have_their_sizes(name, channels, classes, published):
    cost = CHAINS[name].cost(NetworkShape(in_channels=channels, num_classes=classes))
    assert round(cost.params / 1e6, 3) == published


@pytest.mark.unit
@settings(max_examples=25, deadline=None)
@given(chains)
def test_a_file_gives_the_chain_back(tmp_path_factory, chain):
    path = chain.save(tmp_path_factory.mktemp("chain") / "new" / "chain.json", {"seed": 1})
    assert load_chain(path) == load_architecture(path) == chain == load_chain(chain.to_dict())
    document = json.loads(path.read_text())
    assert document["meta"] == {"seed": 1} and document["kind"] == "chain" and document["hash"] == chain.hash
    assert [file.name for file in path.parent.iterdir()] == ["chain.json"]


@pytest.mark.unit
@pytest.mark.parametrize(
    "document, message",
    [
        ([], "a chain is a mapping with 'layers' and 'width', not list"),
        ({"width": 4}, "lacks \\['layers'\\]"),
        ({"width": 0, "layers": [["conv", 3]] * 3}, "width of a chain is 0"),
        ({"width": 4, "layers": [["conv", 3]] * 2}, "has 2 layers; it needs at least 3"),
        ({"width": 4, "layers": [["conv", 3], ["pool", 3], ["conv", 3]]}, "layer 1 of a chain is \\['pool', 3\\]"),
        ({"width": 4, "layers": [["conv", 4]] * 3}, "layer 0 of a chain is"),
        ({"width": 4, "layers": "conv"}, "layers of a chain are 'conv'"),
        ({"width": 4, "layers": [["conv", 3]] * 3, "depth": 3}, "unknown chain keys \\['depth'\\]"),
        ({"width": 4, "layers": [["conv", 3]] * 3, "skip": 1}, "skip of a chain is 1"),
        ({"width": 4, "layers": [["conv", 3]] * 3, "hash": "0" * 64}, "its hash 000000000000… does not fit"),
        ({"width": 4, "layers": [["conv", 3]] * 3, "schema_version": 9}, "schema_version 9"),
        ({"normal": [], "reduce": []}, "lacks \\['layers', 'width'\\]"),
    ],
)
def test_bad_files_are_named(tmp_path, document, message):
    (path := tmp_path / "chain.json").write_text(json.dumps(document))
    with pytest.raises(UserError, match=message):
        load_chain(path)


@pytest.mark.unit
def test_names_and_paths_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match="unknown chain 'resnet'; use one of macro_micro_cifar10_t, .* path of a .json"):
        load_chain("resnet")
    with pytest.raises(UserError, match="the chain file 'nowhere.json' does not exist; names .* are macro_micro_"):
        load_chain("nowhere.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(UserError, match="is not JSON"):
        load_chain(tmp_path / "broken.json")


@pytest.mark.unit
def test_published_chains_by_name():
    assert list_chains() == list(CHAINS)
    for name, chain in CHAINS.items():
        assert load_chain(name) is chain is load_chain(chain) is load_architecture(name)


@pytest.mark.unit
def test_a_chain_in_words():
    assert str(CHAINS["macro_micro_cifar10_t"]) == "26x46 conv@0,2 k5@13,17"
    assert str(Chain.uniform(4, 8, skip=True).with_layer(1, kernel=7)) == "4x8 k7@1 skip"


@pytest.mark.unit
def test_a_picture_of_a_chain(tmp_path):
    chain = CHAINS["macro_micro_cifar10_t"]
    first, second = (chain.draw(tmp_path / f"{i}.svg").read_text() for i in range(2))
    assert first == second and str(chain) in first
    for operation, colour in CHAIN_COLOURS.items():
        bars = sum(name == operation for name, _ in chain.layers)
        assert first.count(f"fill: {colour};") >= bars
    with pytest.raises(UserError, match="'.svg' and '.png'"):
        chain.draw(tmp_path / "chain.pdf")


@pytest.mark.unit
def test_a_chain_is_saved_with_its_pictures(tmp_path):
    chain = Chain.uniform(3, 4)
    path = chain.save_to(tmp_path / "run", {"loss": 1.5})
    assert path == tmp_path / "run" / "chain.json" and load_chain(path) == chain
    assert sorted(file.name for file in path.parent.iterdir()) == ["chain.json", "chain.png", "chain.svg"]
    with Image.open(path.with_suffix(".png")) as image:
        assert image.size[0] > 300
