"""Whose work_dir it is."""

import copy
import json

import pytest

from relnas_mm.errors import UserError
from relnas_mm.search.identity import claim_work_dir, differences, run_identity

pytestmark = pytest.mark.unit
CONFIG = {
    "train_cfg": {"type": "SearchLoop", "strategy": {"population_size": 20, "generations": 50}, "save_every": 30},
    "randomness": {"seed": 7},
    "model": {"type": "SearchModel"},
}


def changed(**strategy):
    config = copy.deepcopy(CONFIG)
    config["train_cfg"]["strategy"] |= strategy
    return run_identity(config)


def test_a_folder_is_claimed_once_something_is_recorded(tmp_path):
    identity = run_identity(CONFIG)
    claim_work_dir(tmp_path, changed(population_size=7), resume=False, force=False)
    claim_work_dir(tmp_path, identity, resume=False, force=False)  # the first one ended on its odd population
    assert json.loads((tmp_path / "run.json").read_text()) == identity
    (tmp_path / "records.jsonl").write_text("")
    claim_work_dir(tmp_path, identity, resume=True, force=False)
    with pytest.raises(UserError, match=r"already holds a search \(records.jsonl\)"):
        claim_work_dir(tmp_path, identity, resume=False, force=False)


@pytest.mark.parametrize("trace", ["records.jsonl", "genotype.json", "architecture.json"])
def test_the_work_of_another_run_is_not_overwritten(tmp_path, trace):
    (tmp_path / trace).write_text("mine")
    with pytest.raises(UserError, match=trace):
        claim_work_dir(tmp_path, run_identity(CONFIG), resume=False, force=False)
    assert (tmp_path / trace).read_text() == "mine" and not (tmp_path / "run.json").exists()


def test_records_without_a_run_are_not_resumed(tmp_path):
    (tmp_path / "records.jsonl").write_text("")
    with pytest.raises(UserError, match="no run.json"):
        claim_work_dir(tmp_path, run_identity(CONFIG), resume=True, force=False)


def test_another_config_is_refused_unless_forced(tmp_path):
    claim_work_dir(tmp_path, run_identity(CONFIG), resume=False, force=False)
    (tmp_path / "records.jsonl").write_text("")
    other = changed(population_size=8, max_attempts=3)
    with pytest.raises(UserError) as error:
        claim_work_dir(tmp_path, other, resume=True, force=False)
    assert "train_cfg.strategy.population_size: 20 -> 8" in str(error.value)
    assert "train_cfg.strategy.max_attempts: None -> 3" in str(error.value)
    claim_work_dir(tmp_path, other, resume=True, force=True)
    claim_work_dir(tmp_path, other, resume=True, force=False)


def test_what_only_concerns_saving_may_change():
    config = copy.deepcopy(CONFIG)
    config["train_cfg"] |= {"save_every": 1, "keep": 9, "resume": True}
    config["model"] = {}
    assert list(differences(run_identity(CONFIG), run_identity(config))) == []


def test_a_search_needs_a_seed_and_a_search():
    with pytest.raises(UserError, match=r"randomness.seed is None"):
        run_identity({"train_cfg": CONFIG["train_cfg"]})
    with pytest.raises(UserError, match="SearchLoop"):
        run_identity({"train_cfg": {"type": "EpochBasedTrainLoop"}, "randomness": {"seed": 1}})
