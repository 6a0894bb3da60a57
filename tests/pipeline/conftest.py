"""A pipeline whose tools are small scripts, which leave the files that the real tools leave; those run in tests/e2e."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from relnas_mm.architectures import GENOTYPES, save_genotype
from relnas_mm.pipeline.launch import Launcher
from relnas_mm.pipeline.plan import read_plan
from relnas_mm.pipeline.run import PipelineRun
from relnas_mm.pipeline.steps import steps_of

COMMON = """
import json, os, pathlib, sys, time
name, words = pathlib.Path(sys.argv[0]).stem, sys.argv[1:]
home = pathlib.Path(sys.argv[0]).parents[1]
def value(option):
    return words[words.index(option) + 1]
with open(home / "calls.txt", "a") as file:
    file.write(json.dumps([name, *words]) + chr(10))
broken = home / "broken"
if broken.exists() and broken.read_text() in " ".join([name, *words]):
    print("about to fail", name)
    sys.exit("the disk is made of cheese")
folder = pathlib.Path(value("--work-dir")) if "--work-dir" in words else None
if folder:
    folder.mkdir(parents=True, exist_ok=True)
"""
TOOLS = {
    "make_shapes": "(pathlib.Path(words[0]) / value('--layout')).mkdir(parents=True, exist_ok=True)\n",
    "search": "import shutil; shutil.copy(home / 'found.json', folder / 'genotype.json')\n",
    "sample": "import shutil; shutil.copy(home / 'random.json', words[0])\n",
    "convert_checkpoint": "pathlib.Path(words[1]).touch()\n",
    "train": """
import shutil; shutil.copy(home / 'trained.pth', folder / 'best_mAP_epoch_2.pth')
rows = [{'mAP': 0.0, 'step': 0}, {'loss': 3.0, 'step': 1}, {'loss': 2.0, 'step': 2}, {'mAP': 0.5, 'step': 2}]
(folder / '2026' / 'vis_data').mkdir(parents=True, exist_ok=True)
(folder / '2026' / 'vis_data' / 'scalars.json').write_text(chr(10).join(map(json.dumps, rows)))
""",
    "test": """
value_of = 0.4 if "found" in words[1] else 0.3
pathlib.Path(value("--out")).write_text(json.dumps({"mAP": value_of, "seconds": None}))
""",
    "analyze": """
total = {"name": "total", "parameters": 1000, "macs": 5000, "macs_with_deconvolutions": 6000}
content = {"parts": [total], "shape": [32, 64], "latency": [{"batch": 1, "median": 2.5}], "device": "CPU"}
pathlib.Path(value("--out")).write_text(json.dumps(content))
""",
}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "tools").mkdir()
    for name, text in TOOLS.items():
        (tmp_path / "tools" / f"{name}.py").write_text(COMMON + text)
    save_genotype(GENOTYPES["darts_v2"], tmp_path / "found.json")
    save_genotype(GENOTYPES["darts_v1"], tmp_path / "random.json")
    torch.save({}, tmp_path / "trained.pth")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("one")
    loader = "dict(batch_size=2, dataset=dict(type='X', data_root='{}'))".format(tmp_path / "data")
    for name in ("search", "classifier", "detector"):
        text = f"model = dict(type='X', backbone=dict(type='Y'))\nname = {name!r}\n"
        text += f"train_dataloader = {loader}\nval_dataloader = {loader}\ntest_dataloader = {loader}\n"
        text += "train_cfg = dict(max_epochs=1)\n"
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


CONFIG = dict(
    data=[dict(layout="voc", root="DATA/voc", splits=dict(train=4), seed=1)],
    search=dict(config="search.py", cfg_options=dict(train_cfg=dict(seed=3))),
    tasks=dict(
        detection=dict(config="detector.py", metric="mAP", unit="mAP, %", scale=100),
        classification=dict(config="classifier.py", metric="mAP"),
    ),
    backbones=dict(found=dict(genotype="search"), random=dict(genotype="random")),
)


@pytest.fixture
def plan_of(home):
    def read(**changes):
        config = json.loads(json.dumps({"work_dir": str(home / "run"), **CONFIG, **changes}).replace("DATA", str(home)))
        config = {key: value for key, value in config.items() if value is not None}
        return read_plan(Config(config), "pipeline.py", home)

    return read


@pytest.fixture
def run_of(home, plan_of):
    """Builds a run, whose messages are in its list `messages`."""

    def build(jobs=1, **changes):
        plan = plan_of(**changes)
        messages = []
        run = PipelineRun(steps_of(plan), plan.work_dir, Launcher(home / "tools"), jobs, messages.append)
        run.plan, run.messages = plan, messages
        return run

    return build


@pytest.fixture
def calls(home):
    def read():
        path: Path = home / "calls.txt"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return read
