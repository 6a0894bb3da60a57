"""Trainings and searches whose disk, memory, permissions, workers, images or terminal go away while they run."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers import ROOT, StartedTool

from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.engine.resume import newest_whole

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.mm,
    pytest.mark.kill,
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux's list of processes in /proc"),
]
CONFIG = "configs/imagenet/relativenas-c8l5_1xb32-8e_shapes.py"
OPTIONS = (
    *("model.backbone.init_channels=4", "model.backbone.num_cells=3", "train_cfg.max_epochs=100"),
    *("train_dataloader.batch_size=8", "train_dataloader.num_workers=1", "val_dataloader.num_workers=1"),
    *("train_dataloader.persistent_workers=True", "default_hooks.logger.interval=1"),
)


@pytest.fixture
def shapes(tmp_path):
    generate_shapes(tmp_path / "image_folder", "image_folder", {"train": 40, "val": 10}, image_size=32, progress=False)
    return tmp_path


@pytest.fixture
def training(shapes):
    """A training that would go on for long."""
    started = []

    def start(work_dir=None, *options, flags=(), **keywords):
        words = (CONFIG, "--work-dir", work_dir or shapes / "work", *flags, "--cfg-options", *OPTIONS, *options)
        started.append(StartedTool(shapes, "tools/train.py", *words, SHAPES_ROOT=str(shapes), **keywords))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()


def alive(number):
    return os.path.exists(f"/proc/{number}") and Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1][1] != "Z"


def refused(done, *parts):
    """One sentence, no traceback."""
    assert done.returncode == 2, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert all(part in line for part in parts), line


def trained(log):
    return re.search(r"Epoch\(train\) +\[2\]", log) is not None


def test_an_image_is_damaged_in_the_middle_of_a_training(training, shapes):
    tool = training()
    tool.until(trained)
    for path in (shapes / "image_folder" / "train").rglob("*.*"):
        path.write_bytes(b"damaged")
    refused(tool.ended(), "image_folder/train/", "is not a")


def test_images_are_removed_in_the_middle_of_a_training(training, shapes):
    tool = training()
    tool.until(trained)
    shutil.rmtree(shapes / "image_folder" / "train")
    refused(tool.ended(), "image_folder/train/", "does not exist")


def test_a_worker_is_killed_and_the_training_goes_on_later(training, shapes):
    tool = training()
    tool.until(trained)
    workers = tool.children()
    os.kill(workers[-1], signal.SIGKILL)
    refused(tool.ended(), f"the data loader worker {workers[-1]} was ended by signal Killed", "lower num_workers")
    assert not any(map(alive, workers))
    again = training(None, "train_cfg.max_epochs=4", flags=["--resume"]).ended()
    assert again.returncode == 0 and (shapes / "work" / "epoch_4.pth").exists(), again.stderr[-3000:]


@pytest.mark.parametrize("number, word", [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_ends_a_training_with_its_workers(number, word, training):
    tool = training()
    tool.until(trained)
    workers = tool.children()
    os.kill(tool.process.pid, number)
    done = tool.ended()
    assert done.returncode == 128 + number and done.stderr.splitlines()[-1] == word
    assert "Traceback" not in done.stderr
    deadline = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, workers))


def test_a_quota_of_file_sizes(training, shapes):
    done = training(limits={"RLIMIT_FSIZE": 50_000}).ended()
    refused(done, "File too large")
    assert not list((shapes / "work").glob("*.pth"))


@contextmanager
def small_disk(folder, size):
    """A disk of a few MiB."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_keeps_what_was_there(training, shapes):
    with small_disk(shapes / "disk", "12m") as disk:
        tool = training(disk / "work", "default_hooks.checkpoint.max_keep_ckpts=-1")
        done = tool.ended(200)
        refused(done, "No space left on device")
        assert newest_whole(disk / "work", print)
        for path in (disk / "work").glob("epoch_[2-9]*.pth"):
            path.unlink()
        again = training(disk / "work", "train_cfg.max_epochs=3", flags=["--resume"]).ended()
        assert again.returncode == 0 and (disk / "work" / "epoch_3.pth").exists(), again.stderr[-3000:]


def test_a_work_dir_that_is_moved(training, shapes):
    tool = training()
    tool.until(trained)
    (shapes / "work").rename(shapes / "moved")
    refused(tool.ended(), "was moved, removed or replaced while it was in use")
    again = training(shapes / "moved", "train_cfg.max_epochs=4", flags=["--resume"]).ended()
    assert again.returncode == 0 and (shapes / "moved" / "epoch_4.pth").exists(), again.stderr[-3000:]


def test_a_training_that_diverges(training, shapes):
    done = training(None, "optim_wrapper.optimizer.lr=1e12").ended()
    refused(done, "training diverged: ", "lower the learning rate")
    assert not list((shapes / "work").glob("*.pth"))


def test_a_terminal_that_is_closed(shapes):
    """By a terminal of its own, as a lost connection closes it."""
    options = ("model.backbone.init_channels=4", "model.backbone.num_cells=3", "train_cfg.max_epochs=100")
    words = [sys.executable, "tools/train.py", CONFIG, "--work-dir", str(shapes / "work"), "--cfg-options", *options]
    environment = {**os.environ, "SHAPES_ROOT": str(shapes)}
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.chdir(ROOT)
        os.execve(sys.executable, words, environment)
    seen = b""
    try:
        while b"Saving checkpoint" not in seen:
            seen += os.read(terminal, 4096)
    except OSError:  # it has ended
        pytest.fail(seen.decode()[-3000:])
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 128 + signal.SIGHUP
