"""What the system denies is one sentence; other errors keep their traceback."""

import errno
import os
import signal
import subprocess
import sys
import textwrap

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from relnas_mm.errors import reports_user_errors
from relnas_mm.system_errors import denial

pytestmark = pytest.mark.unit


class Broken(Dataset):
    """Its only sample cannot be loaded."""

    def __init__(self, work):
        self.work = work

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.work()


def raised_by(work, workers):
    with pytest.raises(Exception) as raised:
        next(iter(DataLoader(Broken(work), num_workers=workers)))
    return raised.value


@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_that_is_damaged_or_gone(workers, tmp_path):
    from mmcv.transforms import LoadImageFromFile

    path = tmp_path / "a.png"
    path.write_bytes(b"no image")
    load = LoadImageFromFile()
    told = denial(raised_by(lambda: load({"img_path": str(path)}), workers))
    assert told == f"the image {str(path)!r} is not readable; mend it, or remove it from the data set"
    path.unlink()
    told = denial(raised_by(lambda: load({"img_path": str(path)}), workers))
    assert told is not None and f"No such file or directory: {str(path)!r}" in told


def test_a_worker_that_is_killed():
    told = denial(raised_by(lambda: os.kill(os.getpid(), signal.SIGKILL), 1))
    assert told is not None and told.startswith("the data loader worker ") and "lower num_workers" in told


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE])
def test_files_that_cannot_be_written(number):
    told = denial(OSError(number, os.strerror(number), "a/b.json"))
    assert told is not None and told.startswith(f"'a/b.json': {os.strerror(number)}; ")


def limited(code, **limits):
    """A tool under limits of the system."""
    resource = pytest.importorskip("resource", reason="sets limits by setrlimit, which this system lacks")

    def limit():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))

    program = "from relnas_mm.errors import reports_user_errors\n@reports_user_errors\ndef main():\n"
    words = [sys.executable, "-c", program + textwrap.indent(textwrap.dedent(code), "    ") + "\nmain()"]
    done = subprocess.run(words, preexec_fn=limit, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_limits_of_files_and_memory(tmp_path):
    path = str(tmp_path / "a")
    line = limited(f"with open({path!r}, 'wb') as file: file.write(bytes(1 << 20))", RLIMIT_FSIZE=1 << 16)
    assert line.startswith("error: File too large; raise the limit of file sizes")
    line = limited("files = [open('/dev/null') for _ in range(99)]", RLIMIT_NOFILE=30)
    assert line.startswith("error: '/dev/null': Too many open files; raise the limit of open files")
    line = limited("bytes(1 << 40)", RLIMIT_AS=1 << 30)
    assert line == "error: memory ran out; lower batch_size, image sizes or num_workers"


def test_tensors_without_memory():
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert denial(raised.value) == "memory ran out; lower batch_size, image sizes or num_workers"


def test_a_fault_of_the_program_is_not_hidden():
    @reports_user_errors
    def main():
        raise KeyError("a fault")

    with pytest.raises(KeyError, match="a fault"):
        main()
    for error in (ValueError("x"), FileNotFoundError(2, "No such file or directory", "x"), RuntimeError("shapes")):
        assert denial(error) is None
