"""Every config that ships can be read and its model built; what its folder says about it is true."""

import functools
import re

import pytest
import yaml
from helpers import ROOT
from mmengine.registry import MODELS, init_default_scope

import relnas_mm  # noqa: F401
from relnas_mm.launch import read_config

pytestmark = pytest.mark.mm

WITHOUT_MODEL = ("_base_", "compare", "pipeline", "search")
CONFIGS = sorted(path for path in (ROOT / "configs").glob("*/*.py") if path.parent.name not in WITHOUT_MODEL)
FOLDERS = [*sorted({path.parent for path in CONFIGS}), ROOT / "configs" / "search"]
INDEXED = yaml.safe_load((ROOT / "model-index.yml").read_text())["Import"]
ENTRIES = [model for name in INDEXED for model in yaml.safe_load((ROOT / name).read_text())["Models"]]


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """A folder of somebody else's, in which a config builds on each of ours."""
    folder = tmp_path_factory.mktemp("project")
    for path in CONFIGS:
        name = path.relative_to(ROOT / "configs").as_posix()
        (folder / path.name).write_text(f"_base_ = 'relnas_mm::{name}'\n")
    return folder


@functools.cache
def derived(path):
    """A config of another project, which is read once for the tests that need it."""
    return read_config(str(path))


@functools.cache
def parameters(path):
    """Number of parameters by the name of each; a model is built once for both tests that need it."""
    config = derived(path)
    init_default_scope(config.get("default_scope", "mmengine"))
    return {name: value.numel() for name, value in MODELS.build(config.model).named_parameters()}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_model_can_be_built(path, projects):
    """By a config of another project that has ours as its base."""
    assert parameters(projects / path.name)
    assert "'_scope_': 'relnas_mm'" not in str(derived(projects / path.name).to_dict())


@pytest.mark.golden
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["Name"])
def test_an_entry_of_the_index_names_a_config_and_its_size(entry, projects):
    path = ROOT / entry["Config"]
    assert path.is_file() and path.stem == entry["Name"]
    if published := entry.get("Metadata", {}).get("Parameters"):
        sizes = parameters(projects / path.name)
        assert sum(size for name, size in sizes.items() if not name.startswith("auxiliary_head.")) == published


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_of_models_is_in_the_index(folder):
    assert f"configs/{folder.name}/metafile.yml" in INDEXED


@pytest.mark.parametrize("folder", [*FOLDERS, ROOT / "configs" / "compare"], ids=lambda folder: folder.name)
def test_a_folder_of_configs_explains_itself(folder):
    text = (folder / "README.md").read_text()
    missing = [path.name for path in folder.glob("*.py") if path.name not in text and "<cell>" not in text]
    assert not missing, f"{folder.name}/README.md does not name {missing}"


@pytest.mark.parametrize("path", [path for path in CONFIGS if re.search(r"\d+xb\d+", path.name)], ids=lambda p: p.stem)
def test_the_batch_size_is_that_of_its_name(path, projects):
    """`--auto-scale-lr` divides by base_batch_size, the total batch for which the learning rate is."""
    gpus, batch = map(int, re.search(r"(\d+)xb(\d+)", path.name).groups())
    config = derived(projects / path.name)
    assert config.train_dataloader.batch_size == batch
    if "auto_scale_lr" in config:
        assert config.auto_scale_lr.base_batch_size == gpus * batch
