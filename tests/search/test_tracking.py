"""Backends of experiment trackers: a search and a training in their stores; packages that are missing."""

import contextlib
import sqlite3
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers import ROOT, run_tool, write_cifar10
from mmengine.config import Config

from relnas_mm.checks.vis_backends import check_vis_backends
from relnas_mm.errors import UserError

pytestmark = pytest.mark.mm
SEARCH = "configs/search/relativenas_shapes_quick_mlflow.py"
TRAIN = "configs/cifar/relativenas-c8l5_1xb64-4e_shapes.py"
SMALL = (
    *("train_cfg.strategy.population_size=2", "train_cfg.strategy.generations=1"),
    *("train_cfg.evaluator.data.limit=40", "train_cfg.evaluator.network.num_cells=3"),
)
EPOCH = (
    "train_cfg.max_epochs=1",
    *(f"{part}_dataloader.{key}" for part in ("train", "val") for key in ("num_workers=0", "persistent_workers=False")),
)
SECOND = "visualizer.vis_backends.1"


def needs(*modules: str) -> pytest.MarkDecorator:
    missing = [name for name in modules if find_spec(name) is None]
    return pytest.mark.skipif(
        bool(missing), reason=f"needs {', '.join(missing)}, which `pip install relnas_mm[tracking]` brings"
    )


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shapes")
    write_cifar10(root / "cifar10", 12)
    return root


def run(tool: str, config: Path | str, folder: Path, shapes: Path, *options: str, **environment: str) -> None:
    words = ("--work-dir", folder, "--cfg-options", *options)
    done = run_tool(f"tools/{tool}.py", config, *words, SHAPES_ROOT=str(shapes), **environment)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.e2e
@needs("mlflow", "sqlalchemy", "alembic", "sqlparse")
def test_mlflow_holds_a_search_and_a_training(shapes, tmp_path):
    uri, artifacts = f"sqlite:///{tmp_path}/mlflow.db", f"{SECOND}.artifact_location={tmp_path}/artifacts"
    run("search", SEARCH, tmp_path / "search", shapes, *SMALL, artifacts, MLFLOW_TRACKING_URI=uri)
    options = (f"{SECOND}.type=MLflowVisBackend", f"{SECOND}.tracking_uri={uri}", f"{SECOND}.exp_name=training")
    run("train", TRAIN, tmp_path / "train", shapes, *EPOCH, *options, artifacts)

    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        assert database.execute("SELECT status FROM runs").fetchall() == [("FINISHED",)] * 2
        params = dict(database.execute("SELECT key, value FROM params WHERE key LIKE 'train_cfg.strategy%'"))
        joined = "metrics JOIN runs USING (run_uuid) JOIN experiments USING (experiment_id)"
        logged = set(database.execute(f"SELECT experiments.name, metrics.key FROM {joined}"))
    assert params["train_cfg.strategy.population_size"] == "2"
    assert {("relativenas", "best_loss"), ("training", "loss"), ("training", "accuracy/top1")} <= logged
    assert list((tmp_path / "artifacts").rglob("genotype.json"))


@pytest.mark.e2e
@needs("wandb")
def test_wandb_holds_a_search_and_a_training_offline(shapes, tmp_path):
    config = tmp_path / "tracked.py"
    backends = "visualizer = dict(vis_backends=[dict(type='WandbVisBackend', init_kwargs=dict(project='shapes'))])"
    config.write_text(f"_base_ = {str(ROOT / SEARCH)!r}\n{backends}\n")
    run("search", config, tmp_path / "search", shapes, *SMALL, WANDB_MODE="offline")
    run("train", TRAIN, tmp_path / "train", shapes, *EPOCH, f"{SECOND}.type=WandbVisBackend", WANDB_MODE="offline")
    for name in ("search", "train"):
        assert list((tmp_path / name).rglob("run-*.wandb")), name


NAMED = [{"type": "LocalVisBackend"}, {"type": "TensorboardVisBackend"}]


def test_tensorboard_is_left_out_with_a_warning_where_it_is_missing(monkeypatch):
    config = Config({"visualizer": {"vis_backends": NAMED}})
    monkeypatch.setattr("relnas_mm.checks.vis_backends.find_spec", lambda name: None)
    with pytest.warns(UserWarning, match="TensorboardVisBackend is left out, as tensorboard is not installed"):
        check_vis_backends(config)
    assert [backend["type"] for backend in config.visualizer.vis_backends] == ["LocalVisBackend"]


@pytest.mark.parametrize("name, package", [("WandbVisBackend", "wandb"), ("mmengine.MLflowVisBackend", "mlflow")])
def test_a_backend_that_was_asked_for_needs_its_package(name, package, monkeypatch):
    monkeypatch.setattr("relnas_mm.checks.vis_backends.find_spec", lambda name: None)
    with pytest.raises(UserError, match=f"which needs {package}; install it by `pip install {package}`, or"):
        check_vis_backends(Config({"visualizer": {"vis_backends": [{"type": name}]}}))


@pytest.mark.parametrize("config", [{}, {"visualizer": None}, {"visualizer": {"type": "Visualizer"}}])
def test_configs_without_backends_pass(config):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_vis_backends(Config(config))
