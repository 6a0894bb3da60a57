"""Chains: data, files, published sizes, modules."""

import csv
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relnas_mm.architectures import (
    CHAINS,
    KERNELS,
    OPERATIONS,
    Chain,
    ChainNetwork,
    chain_macs,
    chain_parameters,
    load_chain,
    plan_chain,
    save_chain,
)
from relnas_mm.errors import UserError

CLASSES = {"CIFAR10": 10, "CIFAR100": 100, "EMNIST": 47, "FashionMNIST": 10, "KMNIST": 10}

chains = st.builds(
    Chain,
    width=st.integers(1, 6),
    layers=st.lists(st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(KERNELS)), min_size=3, max_size=9),
    skip=st.booleans(),
)


@pytest.mark.golden
@pytest.mark.data
def test_the_formula_gives_the_parameters_of_every_logged_network(data_root):
    with (data_root / "tabular" / "Efficient-Macro-Micro-NAS" / "search_traces.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 669
    for row in rows:
        layers = tuple((OPERATIONS[int(o)], int(k)) for o, k in zip(row["ops"], row["kernels"]))
        channels = 3 if row["dataset"].startswith("CIFAR") else 1
        count = chain_parameters(Chain(int(row["width"]), layers), channels, CLASSES[row["dataset"]])
        assert f"{count / 1e6:.6f}" == row["params_M"]


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
    assert round(chain_parameters(CHAINS[name], channels, classes) / 1e6, 3) == published


@pytest.mark.unit
@settings(max_examples=25, deadline=None)
@given(chains, st.sampled_from([1, 3]), st.integers(2, 5))
def test_module_and_formula_agree(chain, channels, classes):
    network = ChainNetwork(chain, channels, classes)
    assert sum(p.numel() for p in network.parameters()) == chain_parameters(chain, channels, classes)
    seen = {}
    for layer, plan in zip(network.layers, network.plans):
        layer.register_forward_hook(lambda _, inputs, output, plan=plan: seen.update({plan: output.shape}))
    assert network.eval()(torch.zeros(1, channels, 13, 13)).shape == (1, classes)
    for plan, shape in seen.items():
        assert shape[1:] == (plan.outputs, -(-13 // plan.stride), -(-13 // plan.stride))


@pytest.mark.unit
def test_multiply_adds_are_those_of_the_modules():
    chain, macs = Chain(3, (("conv", 3), ("sep_conv", 5), ("sep_conv", 3))), []

    network = ChainNetwork(chain, 1, 4)
    for module in network.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.register_forward_hook(lambda m, i, o: macs.append(m.weight.numel() * (o[0, 0].numel())))
    network(torch.zeros(2, 1, 9, 9))
    assert sum(macs) == chain_macs(chain, 9, 1, 4)


@pytest.mark.unit
def test_channels_double_at_one_and_two_thirds():
    plans = plan_chain(Chain.uniform(7, 4))
    assert [plan.outputs for plan in plans] == [4, 4, 8, 8, 16, 16, 16]
    assert [plan.stride for plan in plans] == [1, 1, 2, 2, 4, 4, 4]
    assert plans[0].inputs == 8


@pytest.mark.unit
@settings(max_examples=25, deadline=None)
@given(chains)
def test_a_file_gives_the_chain_back(tmp_path_factory, chain):
    path = save_chain(chain, tmp_path_factory.mktemp("chain") / "network.json", {"seed": 1})
    assert load_chain(path) == chain == load_chain(chain.to_dict())
    assert json.loads(path.read_text())["meta"] == {"seed": 1}


@pytest.mark.unit
@pytest.mark.parametrize(
    "document, message",
    [
        ([], "a chain is a mapping with 'width' and 'layers', not list"),
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
    (path := tmp_path / "network.json").write_text(json.dumps(document))
    with pytest.raises(UserError, match=message):
        load_chain(path)


@pytest.mark.unit
def test_names_and_paths_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match="no network 'resnet'; use one of macro_micro_cifar10_t"):
        load_chain("resnet")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(UserError, match="not valid JSON"):
        load_chain(tmp_path / "broken.json")


@pytest.mark.unit
def test_a_skip_adds_the_input_where_the_shape_stays():
    chain = Chain.uniform(6, 4, skip=True)
    assert [plan.skip for plan in plan_chain(chain)] == [False, True, False, True, False, True]
    network = ChainNetwork(chain).eval()
    layer, x = network.layers[1], torch.randn(2, 4, 5, 5)
    plain = torch.nn.Sequential.forward(layer, x)
    assert torch.equal(layer(x), plain + x)
    assert chain_parameters(chain) == chain_parameters(Chain.uniform(6, 4))
