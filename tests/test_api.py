"""The Python API: the names of the page are there, are loaded on first use, and its five lines are a search."""

import re
import subprocess
import sys

import pytest
from helpers import ROOT, write_cifar10

import relnas_mm

PAGE = (ROOT / "docs" / "api.md").read_text()


@pytest.mark.mm
def test_every_public_name_is_there_and_on_the_page():
    named = set(re.findall(r"`(\w+)(?:\(\))?`", PAGE))
    for name in relnas_mm.__all__:
        assert getattr(relnas_mm, name) is not None
        assert name in named or name == "__version__", name
    assert set(relnas_mm.__all__) <= set(dir(relnas_mm))
    stub = (ROOT / "relnas_mm" / "__init__.pyi").read_text()
    assert set(re.findall(r"import \w+ as (\w+)", stub)) == set(relnas_mm.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Genotyp'"):
        _ = relnas_mm.Genotyp


@pytest.mark.unit
def test_a_name_is_loaded_when_it_is_used():
    code = (
        "import sys, relnas_mm; before = 'torch' in sys.modules; names = relnas_mm.list_genotypes();"
        "print(before, 'torch' in sys.modules, 'mmengine' in sys.modules, names[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["False", "True", "False", "relativenas"]


@pytest.mark.unit
def test_the_search_of_the_page(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    small = (
        code.replace("data/cifar10", str(write_cifar10(tmp_path / "cifar", 4)))
        .replace("work_dirs/mine", str(tmp_path / "work"))
        .replace("SlowFastLearning(space)", "SlowFastLearning(space, population_size=2, generations=1)")
        .replace("SupernetEvaluator(", "SupernetEvaluator(network=dict(init_channels=2, num_cells=3), ")
    )
    assert small.count(str(tmp_path)) == 2 and "population_size=2" in small and "num_cells=3" in small
    found: dict = {}
    exec(small, found)
    assert relnas_mm.load_genotype(tmp_path / "work" / "genotype.json") == found["genotype"]
