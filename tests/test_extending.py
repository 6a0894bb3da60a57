"""The page about extending the search is followed to the letter, by a project outside the package."""

import json
import re
import sys

import pytest
from helpers import ROOT, run_tool

PAGE = (ROOT / "docs" / "extending.md").read_text()
BLOCKS = re.findall(r"(<!-- config -->\n)?```python\n(.*?)```", PAGE, re.S)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with the module of the page, which other tests of this process may import once."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "my_search.py").write_text("\n".join(text for is_config, text in BLOCKS if not is_config))
    (config,) = [text for is_config, text in BLOCKS if is_config]
    (folder / "my_config.py").write_text(config)
    return folder


@pytest.fixture(scope="module")
def module(project):
    sys.path.insert(0, str(project))
    try:
        import my_search

        yield my_search
    finally:
        sys.path.remove(str(project))


@pytest.mark.mm
def test_the_strategy_of_the_page_is_short():
    (strategy,) = [text for _, text in BLOCKS if "class HillClimbing" in text]
    assert len([line for line in strategy.splitlines() if line.strip()]) <= 42


@pytest.mark.mm
def test_as_a_library(module, tmp_path):
    winner = module.run(tmp_path / "work")
    document = json.loads((tmp_path / "work" / "architecture.json").read_text())
    assert document["kind"] == "stack" and tuple(document["channels"]) == winner
    lines = [json.loads(line) for line in (tmp_path / "work" / "records.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["type"] == "candidate"]
    assert len(losses) == 30 and document["meta"]["loss"] == min(losses) < losses[0]


@pytest.mark.mm
def test_files_networks_and_costs_of_the_family(module, tmp_path):
    import torch

    from relnas_mm import load_architecture
    from relnas_mm.networks import NetworkShape

    stack = module.Stack((4, 8))
    assert load_architecture(stack.save_to(tmp_path)) == stack
    shape = NetworkShape(num_classes=3, in_channels=1, image_size=8)
    network = stack.build(shape)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 3)
    assert stack.cost(shape).params == sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.mm
@pytest.mark.kill
def test_it_resumes_exactly(module, tmp_path):
    from relnas_mm import RunStore, SearchRun

    def search(folder, **options):
        space = module.StackSpace()
        strategy = module.HillClimbing(space)
        return SearchRun(space, strategy, module.SizeEvaluator(), RunStore(folder, save_every=0.0), **options)

    whole = search(tmp_path / "whole")
    whole.run()
    cut = search(tmp_path / "cut")
    for _ in range(7):
        cut.run_round()
    search(tmp_path / "cut", resume=True).run()
    texts = [(tmp_path / name / "records.jsonl").read_text() for name in ("whole", "cut")]
    assert texts[0] == texts[1]


@pytest.mark.mm
@pytest.mark.e2e
def test_from_a_config(project, tmp_path):
    arguments = (project / "my_config.py", "--work-dir", tmp_path / "work")
    done = run_tool("tools/search.py", *arguments, PYTHONPATH=str(project))
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in (tmp_path / "work" / "records.jsonl").read_text().splitlines()]
    candidates = [line for line in lines if line["type"] == "candidate"]
    assert len(candidates) == 20 and max(line["macs"] for line in candidates) <= 3e6
    assert json.loads((tmp_path / "work" / "architecture.json").read_text())["meta"]["strategy"] == "HillClimbing"
