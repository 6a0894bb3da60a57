"""The tutorial: its commands in order, with few images and passes."""

import os
import re
import shlex
import subprocess
import sys

import pytest
from helpers import ROOT

from relnas_mm.latency import load_latency_table

PAGE = (ROOT / "docs" / "tutorial_latency.md").read_text()
LOADERS = [
    f"{split}_dataloader.{key}"
    for split in ("train", "val", "test")
    for key in ("num_workers=0", "persistent_workers=False", "batch_size=4", "dataset.indices=8")
]
TASK = "train_cfg.evaluator.tasks.detection"
SMALL = {
    "make-shapes": "--splits train=24 val=8 test=8 --image-size 64".split(),  # noqa: SIM905
    "analyze": ["--shape", "96", "96"],
    "latency": ["--check", "4", "--cfg-options", "train_cfg.budget.network.image_size=96"],
    "search": [
        *("--cfg-options", "train_cfg.strategy.population_size=2", "train_cfg.strategy.generations=1"),
        *("train_cfg.budget.network.image_size=96", f"{TASK}.cfg_options.train_dataloader.batch_size=4"),
        *(f"{TASK}.cfg_options.train_dataloader.dataset.indices=12",),
        *(f"{TASK}.cfg_options.train_dataloader.num_workers=0",),
        *(f"{TASK}.cfg_options.train_dataloader.persistent_workers=False",),
    ],
    "train": [*LOADERS, "train_cfg.max_epochs=1", "train_cfg.val_interval=1"],
    "test": ["--cfg-options", *LOADERS],
}
"""What makes each command small; the options of `train` continue its own."""


@pytest.mark.e2e
@pytest.mark.slow
def test_every_command_of_the_tutorial(tmp_path):
    (search,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "work_dirs" / "tutorial").mkdir(parents=True)
    (tmp_path / "work_dirs" / "tutorial" / "search.py").write_text(search)
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    commands = [shlex.split(line) for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    assert [words[1] for words in commands] == [
        *("make-shapes", "transfer", "check-data", "analyze", "latency", "search", "train", "test", "analyze"),
    ]
    for _, name, *arguments in commands:
        arguments = [word.replace("epoch_200", "epoch_1").replace("=30", "=2") for word in arguments]
        if name == "analyze":
            arguments[arguments.index("--repeats") + 1] = "2"
        run = [sys.executable, "-m", "relnas_mm", name, *arguments, *SMALL.get(name, [])]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=300, env=environment)
        assert done.returncode == 0, f"{shlex.join(run)}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    table = load_latency_table(tmp_path / "work_dirs" / "tutorial" / "latency.json")
    assert table.runtime == "onnxruntime" and table.check["networks"] == 4
    assert (tmp_path / "work_dirs" / "tutorial" / "search" / "genotype.json").is_file()
