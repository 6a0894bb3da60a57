"""Names of earlier releases end in one sentence with today's name."""

import pytest
from helpers import run_tool

from relnas_mm.errors import UserError
from relnas_mm.renamed import KEYS, TYPES, check_renamed

pytestmark = pytest.mark.mm


def sentence(config):
    with pytest.raises(UserError) as caught:
        check_renamed(config, "the config 'a.py'")
    return str(caught.value)


def test_types_and_arguments_are_named_with_their_place():
    search = {"train_cfg": {"evaluator": {"type": "WeightSetEvaluator"}}}
    says = "has type 'WeightSetEvaluator', which was renamed to 'SupernetEvaluator'"
    assert sentence(search) == f"train_cfg.evaluator of the config 'a.py' {says}"
    loss = {"model": {"decode_head": [{"loss_decode": {"type": "HardPixelCrossEntropy"}}]}}
    assert "model.decode_head.0.loss_decode" in sentence(loss) and "'OHEMCrossEntropy'" in sentence(loss)
    training = {"type": "SupernetEvaluator", "training": {"batch_size": 4, "bit_exact": False}}
    assert sentence(training) == (
        "'training.bit_exact' of SupernetEvaluator (the config 'a.py') was replaced by execution.backend "
        "('reference' for True, 'auto' for False)"
    )
    check_renamed({"type": "SupernetEvaluator", "training": {"batch_size": 4}, "network": None}, "")


def test_todays_names_are_those_of_the_code():
    """Each new name is an argument of the type, or a field of the mapping that it names; no old one is."""
    from mmengine.registry import MODELS

    import relnas_mm.models  # noqa: F401  registers what it holds
    from relnas_mm.evaluators.execution import ExecutionConfig
    from relnas_mm.evaluators.training import TrainConfig
    from relnas_mm.registry import EVALUATORS, STRATEGIES
    from relnas_mm.search.builder import arguments_of
    from relnas_mm.search.darts import DartsSearch

    fields = {"training": TrainConfig.__dataclass_fields__, "execution": ExecutionConfig.__dataclass_fields__}
    for kind, names in KEYS.items():
        part = STRATEGIES.get(kind) or EVALUATORS.get(kind) or MODELS.get(kind)
        arguments = arguments_of(DartsSearch if kind == "DartsLoop" else part)
        for old, new in names.items():
            assert old not in arguments
            head, _, tail = new.split(" ")[0].partition(".")
            assert new.startswith("nothing") or (head in arguments and (not tail or tail in fields[head])), new
    assert all(EVALUATORS.get(new) or MODELS.get(new) or new == "OHEMCrossEntropy" for new in TYPES.values())


@pytest.mark.e2e
def test_a_tool_says_so_before_it_writes(tmp_path):
    config, work = "configs/search/relativenas_shapes_quick.py", tmp_path / "work"
    done = run_tool("tools/search.py", config, "--work-dir", work, "--cfg-options", "train_cfg.strategy.population=4")
    assert done.returncode == 2 and "Traceback" not in done.stderr and not work.exists()
    says = done.stderr.splitlines()[-1]
    assert says.startswith("error: 'population' of SlowFastLearning (train_cfg.strategy of the config")
    assert says.endswith("was replaced by population_size")
