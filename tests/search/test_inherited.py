"""A cell's weights out of the shared weights of a search, and random cells of a given cost."""

import json

import pytest
import torch
from helpers import called, write_cifar10
from helpers.searches import evaluator_config, make_search

from relnas_mm.architectures import GENOTYPES, load_genotype, save_genotype
from relnas_mm.cli import convert_checkpoint, sample
from relnas_mm.errors import UserError
from relnas_mm.evaluators.supernet.op_ids import op_ids_for
from relnas_mm.models import CellBackbone
from relnas_mm.networks import CellNetwork, NetworkShape
from relnas_mm.search.checkpoint_store import CheckpointStore
from relnas_mm.search.identity import RUN_FILE
from relnas_mm.search.inherited import inherit, is_search
from relnas_mm.search.sampling import sample_like

pytestmark = pytest.mark.mm


@pytest.fixture(scope="module", params=["shared", "separate"])
def searched(request, tmp_path_factory):
    """The work_dir of a finished search, as tools/search.py leaves it."""
    evaluator = evaluator_config(write_cifar10(tmp_path_factory.mktemp("cifar"), 8)) | {"duplicates": request.param}
    folder = tmp_path_factory.mktemp("search")
    make_search(folder, evaluator).run()
    (folder / RUN_FILE).write_text(json.dumps({"train_cfg": {"evaluator": evaluator}, "randomness": {"seed": 5}}))
    return folder


def test_a_backbone_computes_what_the_candidate_computed(searched):
    """The same stem, so that every weight is inherited: bit for bit the features of the candidate."""
    assert is_search(str(searched))
    conversion = inherit(str(searched))
    assert conversion.missing == [] and conversion.warnings == []
    genotype = load_genotype(searched / "genotype.json")
    backbone = CellBackbone(genotype, 2, 3, stem="cifar", out_indices=(2,), backend="reference").eval()
    backbone.load_state_dict(dict(conversion.checkpoint.weights))

    run = json.loads((searched / RUN_FILE).read_text())
    op_ids = op_ids_for(run["train_cfg"]["evaluator"]["duplicates"])
    candidate = CellNetwork(genotype, NetworkShape(init_channels=2, num_cells=3), op_ids, backend="reference").eval()
    shared = CheckpointStore(searched / "run_store").load_newest().state.tensors
    candidate.load_state_dict({name: shared[name] for name in candidate.state_dict()})
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = candidate.forward_pooled(images)
        (features,) = backbone(images)
    assert torch.equal(features.mean((2, 3)), expected) or torch.allclose(features.mean((2, 3)), expected, atol=1e-6)


def test_another_stem_is_initialized_by_the_seed(searched, tmp_path):
    arguments = (str(searched), str(tmp_path / "a.pth"), "--stem", "imagenet")
    assert called(convert_checkpoint.main, *arguments, "--seed", "3") == 0
    report = json.loads((tmp_path / "a.pth.report.json").read_text())
    own = {name.split(".")[0] for name in report["missing"] if not name.startswith("cells")}
    assert own == {"stem0", "stem1"}
    assert all(name.startswith(("cells.0.prep", "cells.1.prep")) for name in report["missing"] if name[0] == "c")
    backbone = CellBackbone(
        str(searched / "genotype.json"),
        2,
        3,
        init_cfg=dict(type="Pretrained", checkpoint=str(tmp_path / "a.pth")),
    )
    backbone.init_weights()
    weights = inherit(str(searched), stem="imagenet", seed=3).checkpoint.weights
    assert all(torch.equal(value, weights[name]) for name, value in backbone.state_dict().items())
    other = inherit(str(searched), stem="imagenet", seed=4).checkpoint.weights
    differing = {name for name in weights if not torch.equal(weights[name], other[name])}
    assert differing and differing <= set(report["missing"])


def test_what_is_no_search(searched, tmp_path, capsys):
    (tmp_path / "x").mkdir()
    assert called(convert_checkpoint.main, str(tmp_path / "x"), str(tmp_path / "a.pth"), "--seed", "1") == 2
    assert "--stem and --seed are for searches" in capsys.readouterr().err
    assert called(convert_checkpoint.main, str(searched), str(tmp_path / "a.pth"), "--to", "classifier") == 2
    assert "a search gives a backbone" in capsys.readouterr().err
    with pytest.raises(UserError, match="no candidate of the search"):
        inherit(str(searched), "amoebanet")
    saved = (searched / RUN_FILE).read_text()
    try:
        (searched / RUN_FILE).write_text('{"train_cfg": {"evaluator": {"type": "TabularEvaluator"}}}')
        with pytest.raises(UserError, match="has the evaluator 'TabularEvaluator'; only 'SupernetEvaluator'"):
            inherit(str(searched))
    finally:
        (searched / RUN_FILE).write_text(saved)


def test_random_cells_of_a_given_cost(tmp_path, capsys):
    like = GENOTYPES["relativenas"]
    genotype, cost, tried = sample_like(like, 3, 0.05)
    assert sample_like(like, 3, 0.05)[0] == genotype != sample_like(like, 4, 0.05)[0] and tried >= 1
    assert abs(cost["params"] / 3_928_222 - 1) <= 0.05  # the published count
    save_genotype(like, tmp_path / "like.json")
    words = [str(tmp_path / "out.json"), "--like", str(tmp_path / "like.json"), "--seed", "3"]
    assert called(sample.main, *words) == 0
    assert load_genotype(tmp_path / "out.json") == genotype
    assert genotype.hash[:16] in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, message",
    [
        (["a.txt"], "it must end with .json"),
        (["a.json", "--like", "no.json"], "no.json"),
        (["a.json", "--like", "relativenas", "--tolerance", "2"], "must be from 0 to 1"),
        (["a.json", "--like", "relativenas", "--tolerance", "0"], "raise the tolerance"),
        (["a.json", "--seed", "-1"], "--seed"),
    ],
)
def test_samples_that_are_refused(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relnas_mm.search.sampling.MAX_SAMPLES", 20)
    assert called(sample.main, *words) == 2
    assert message in capsys.readouterr().err and list(tmp_path.iterdir()) == []
