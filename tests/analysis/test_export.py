"""Graphs compute what networks compute, at the sizes that they promise; what does not is not kept."""

import copy
import json

import numpy as np
import pytest
import torch
from mmengine.config import Config

from relnas_mm import onnx_export
from relnas_mm.analysis.export import export, preprocessing
from relnas_mm.analysis.network import Network
from relnas_mm.analysis.parity import Difference, compare, random_batches, require_parity
from relnas_mm.errors import UserError
from relnas_mm.models import CellClassifier

pytestmark = pytest.mark.mm
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def network(genotype="relativenas", reach="backbone", **backbone) -> Network:
    torch.manual_seed(0)
    backbone = dict(type="CellBackbone", genotype=genotype, init_channels=4, num_cells=5, **backbone)
    return Network(CellClassifier(backbone, num_classes=3), reach).eval()


@pytest.mark.parametrize("genotype", ["relativenas", "darts_v2"])
def test_any_batch_and_odd_sizes(genotype, tmp_path):
    backbone = network(genotype, out_indices=("stem", 0, 1, 2))
    path = tmp_path / "backbone.onnx"
    assert export(backbone, path, (64, 48), True, True) == ["feature0", "feature1", "feature2", "feature3"]
    shapes = [(1, 64, 48), (2, 97, 131), (3, 33, 35), (1, 50, 64)]
    batches = [(str(shape), torch.randn(shape[0], 3, *shape[1:])) for shape in shapes]
    differences = compare(path, backbone, batches)
    assert len(differences) == 4 * len(shapes) and max(difference.relative for difference in differences) < 1e-5


def test_dilated_backbone(tmp_path):
    backbone = network("darts_v2", out_indices=(2,), output_stride=8)
    export(backbone, tmp_path / "a.onnx", (64, 48), dynamic_size=True)
    require_parity(compare(tmp_path / "a.onnx", backbone, random_batches((64, 48), False, True)), 1e-5)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A small classifier and its graph."""
    classifier, path = network(reach="head"), tmp_path_factory.mktemp("onnx") / "a.onnx"
    assert export(classifier, path, (64, 64), opset=16, metadata={"config": "a.py"}) == ["logits"]
    return classifier, path


NOISE = random_batches((64, 64), False, False)


def test_fixed_shapes_are_fixed(exported):
    classifier, path = exported
    graph = onnx.load(path)
    assert [dim.dim_value for dim in graph.graph.input[0].type.tensor_type.shape.dim] == [1, 3, 64, 64]
    assert graph.opset_import[0].version == 16 and graph.metadata_props[1].value == "a.py"
    require_parity(compare(path, classifier, NOISE), 1e-5)
    with pytest.raises(UserError, match="onnxruntime cannot run the exported graph on noise, other batch: "):
        compare(path, classifier, random_batches((64, 64), True, False))


def test_another_network_is_noticed(exported):
    classifier, path = copy.deepcopy(exported[0]), exported[1]
    with torch.no_grad():
        classifier.model.classifier.bias += 0.01
    with pytest.raises(UserError, match=r"the exported graph is not the network: .* \(noise \(1x3x64x64\), logits\)"):
        require_parity(compare(path, classifier, NOISE), 1e-4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_no_parity(exported, value):
    classifier, path = copy.deepcopy(exported[0]), exported[1]
    with torch.no_grad():
        classifier.model.classifier.bias[1] = value
    (difference,) = compare(path, classifier, NOISE)
    assert difference.relative == np.inf
    with pytest.raises(UserError):
        require_parity([Difference("noise", "logits", 0.0, 0.0), difference], 1e-4)


def test_other_shapes_are_no_parity(exported):
    (difference,) = compare(exported[1], Network(exported[0].model, "backbone"), NOISE)
    assert difference.absolute == np.inf


def test_what_torch_cannot_export(tmp_path, capfd):
    with pytest.raises(UserError, match="torch cannot export CellClassifier to opset 99: .*99"):
        export(network(), tmp_path / "a.onnx", (32, 32), opset=99)
    assert capfd.readouterr().out == ""


def test_missing_packages_and_metadata(monkeypatch):
    monkeypatch.setattr(onnx_export, "PACKAGES", ("onnx", "no_such_package"))
    with pytest.raises(UserError, match=r"exporting needs no_such_package: run `pip install 'relnas_mm\[export\]'`"):
        onnx_export.require_packages()
    config = Config(dict(model=dict(data_preprocessor=dict(type="A", mean=[1.0], bgr_to_rgb=True))))
    assert json.loads(preprocessing(config)["data_preprocessor"]) == {"mean": [1.0], "bgr_to_rgb": True}
    assert preprocessing(Config(dict(model=dict(type="A")))) == {}
