"""A search in several processes ends as one in a single process does, bit for bit, also when one of them is killed."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from helpers import ROOT, free_port, run_in_two_processes, run_tool, shell, write_cifar10
from helpers.searches import alone, evaluator_config, together

pytestmark = pytest.mark.kill


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    return evaluator_config(write_cifar10(tmp_path_factory.mktemp("cifar"), 4))


@pytest.fixture(scope="module")
def plain(evaluator, tmp_path_factory):
    """Outcome of a single process."""
    return alone(tmp_path_factory.mktemp("plain"), evaluator)


@pytest.mark.parametrize("size", [2, 3])
def test_a_pair_is_divided(size, evaluator, plain, tmp_path):
    assert together(tmp_path / "many", evaluator, size) == plain


SIX = {"type": "SlowFastLearning", "population_size": 6, "generations": 1}


@pytest.fixture(scope="module")
def after_each(evaluator, tmp_path_factory):
    """Outcome where each pair starts from what the one before has learned."""
    return alone(tmp_path_factory.mktemp("each"), evaluator | {"write_back": "group"}, strategy=SIX)


@pytest.mark.parametrize("write_back", [2, "generation"])
def test_pairs_that_start_alike_are_evaluated_together(write_back, evaluator, after_each, tmp_path):
    evaluator = evaluator | {"write_back": write_back}
    one = alone(tmp_path / "one", evaluator, strategy=SIX)
    assert together(tmp_path / "many", evaluator, 4, strategy=SIX) == one
    assert one["tensors"] != after_each["tensors"]  # the option does something


def test_momentum_that_is_shared_travels_too(evaluator, tmp_path):
    evaluator = evaluator | {"fresh_optimizer": False}
    assert together(tmp_path / "many", evaluator, 2) == alone(tmp_path / "one", evaluator)


CONFIG = """
_base_ = [{runtime!r}, {search!r}]
train_cfg = dict(
    save_every=0,
    strategy=dict(population_size=4, generations=3),
    evaluator=dict(
        data=dict(type='cifar10', data_root={data!r}, num_classes=None),
        network=dict(init_channels=2, num_cells=3), training=dict(batch_size=4)))
"""


def records(folder):
    lines = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("config")
    bases = {
        name: str(ROOT / "configs/_base_/search" / f"{file}.py")
        for name, file in (("runtime", "runtime"), ("search", "relativenas"))
    }
    path = folder / "search.py"
    path.write_text(CONFIG.format(**bases, data=str(write_cifar10(folder / "cifar", 24))))
    return path


@pytest.fixture(scope="module")
def one(config, tmp_path_factory):
    """Where a single process has searched."""
    folder = tmp_path_factory.mktemp("one")
    done = run_tool("tools/search.py", config, "--work-dir", folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def program(folder, name, text):
    """A PATH on which a script is found before others."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n" + text)
    (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.e2e
def test_processes_that_slurm_starts(config, one, tmp_path):
    """They meet at the first node that `scontrol` names."""
    path = program(tmp_path / "bin", "scontrol", 'test "$3" = "nodes[1-2]" && echo 127.0.0.1 && echo nowhere')
    arguments = (config, "--work-dir", tmp_path / "two")
    done = run_in_two_processes("tools/search.py", *arguments, launcher="slurm", PATH=path, SLURM_NODELIST="nodes[1-2]")
    assert done.returncode == 0, done.stderr[-3000:]
    assert records(tmp_path / "two") == records(one)


def test_a_process_that_slurm_did_not_start(config, tmp_path):
    done = run_tool("tools/search.py", config, "--work-dir", tmp_path / "run", "--launcher", "slurm")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "error: --launcher slurm is given, but SLURM_PROCID is not set; start by srun" in done.stderr


def test_nodes_that_slurm_does_not_name(config, tmp_path):
    path = program(tmp_path / "bin", "scontrol", "echo 'no such partition' >&2; exit 1")
    slurm = {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NTASKS": "2", "SLURM_NODELIST": "n[1-2]"}
    arguments = (config, "--work-dir", tmp_path / "run", "--launcher", "slurm")
    done = run_tool("tools/search.py", *arguments, PATH=path, **slurm)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "error: `scontrol` does not name the nodes of SLURM_NODELIST 'n[1-2]' (no such partition)" in done.stderr


SLURM = {
    "slurm_search.sh": (("c.py", "dir"), "2", "search.py c.py --work-dir dir --resume"),
    "slurm_train.sh": (("c.py", "dir"), "8", "train.py c.py --work-dir dir"),
    "slurm_test.sh": (("c.py", "c.pth"), "8", "test.py c.py c.pth"),
}


@pytest.mark.parametrize("script", SLURM)
def test_what_srun_is_asked_for(script, tmp_path):
    words, gpus, expected = SLURM[script]
    environment = {"PATH": program(tmp_path, "srun", 'echo "$@"'), "SRUN_ARGS": "--gres=none"}
    command = [ROOT / "tools" / script, "part", "job", *words, "--cfg-options", "a=1"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    asked = f"-p part --job-name=job --gres=gpu:{gpus} --ntasks={gpus} --ntasks-per-node={gpus} --cpus-per-task=4"
    asked += f" --kill-on-bad-exit=1 --gres=none python -u {ROOT}/tools/{expected} --cfg-options a=1 --launcher slurm"
    assert done.stdout.strip() == asked
    refused = subprocess.run(command[:4], capture_output=True, text=True, env=environment)
    assert refused.returncode == 2 and f"tools/{script} PARTITION JOB_NAME CONFIG" in refused.stderr


@pytest.mark.e2e
@pytest.mark.slow
def test_a_killed_process_is_replaced_and_the_search_goes_on(config, one, tmp_path):
    """tools/dist_search.sh, with the second process killed in the middle."""
    environment = shell(PORT=free_port(), OMP_NUM_THREADS="1")
    command = ["tools/dist_search.sh", str(config), "2", "--work-dir", str(tmp_path / "two")]
    with (tmp_path / "log.txt").open("w+") as log:
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        store = tmp_path / "two" / "run_store"
        deadline = time.monotonic() + 200
        while len(list(store.glob("step*")) if store.exists() else []) < 2 and running.poll() is None:
            assert time.monotonic() < deadline, (tmp_path / "log.txt").read_text()[-3000:]
            time.sleep(0.05)
        second = [pid for pid, rank in ranks_below(running.pid) if rank == "1"]
        assert len(second) == 1
        os.kill(second[0], signal.SIGKILL)
        assert running.wait(300) == 0, (tmp_path / "log.txt").read_text()[-3000:]
        assert "the search resumes after" in (tmp_path / "log.txt").read_text()

    assert records(tmp_path / "two") == records(one)
    genotypes = [json.loads((folder / "genotype.json").read_text()) for folder in (one, tmp_path / "two")]
    assert genotypes[0]["normal"] == genotypes[1]["normal"]


def ranks_below(parent):
    """Process numbers and ranks of torchrun's children."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mother = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            variables = (folder / "environ").read_bytes().decode().split("\0")
        except (OSError, ValueError):
            continue
        if mother == parent:
            yield from ((int(folder.name), word[5:]) for word in variables if word.startswith("RANK="))
