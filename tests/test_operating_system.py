"""What a system lacks is not needed: names that Windows or macOS does not have are removed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from relnas_mm import operating_system
from relnas_mm.doctor import machine
from relnas_mm.provenance import device_in_words

pytestmark = [pytest.mark.unit, pytest.mark.usefixtures("usual_signals")]


@pytest.fixture
def elsewhere(monkeypatch):
    """As on Windows, as far as names of the standard library go."""
    for name in ("sched_getaffinity", "sysconf", "killpg"):
        monkeypatch.delattr(os, name, raising=False)

    real = os.open

    def no_folders(path, *flags, **options):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *flags, **options)

    monkeypatch.setattr(os, "open", no_folders)
    monkeypatch.setattr(operating_system.Path, "read_text", lambda self: (_ for _ in ()).throw(FileNotFoundError()))


def test_cores_and_memory_are_those_of_this_machine():
    assert operating_system.usable_cores() == len(os.sched_getaffinity(0))
    total, available = operating_system.total_memory(), operating_system.available_memory()
    assert 0 < available < total and total % 4096 == 0


def test_cores_and_memory_where_the_system_does_not_tell(elsewhere):
    assert operating_system.usable_cores() == os.cpu_count()
    assert operating_system.total_memory() is operating_system.available_memory() is None
    assert f"{os.cpu_count()} cores" in device_in_words()
    assert machine.free_memory() is None or machine.free_memory() > 0  # of the container, if there is one


def test_folders_that_cannot_be_opened_are_not_synced(elsewhere, tmp_path):
    operating_system.sync_folder(tmp_path)


CHILD = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); {wait}"


def test_a_group_is_stopped_with_its_children():
    code = CHILD.format(wait="import time; time.sleep(60)")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, **operating_system.GROUP)
    process.stdout.readline()
    assert operating_system.group_runs(process)
    operating_system.signal_group(process, signal.SIGTERM)
    process.wait(10)
    deadline = time.monotonic() + 10
    while operating_system.group_runs(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not operating_system.group_runs(process)
    process.stdout.close()
    operating_system.signal_group(process, signal.SIGTERM)  # is no error


def test_without_groups_the_system_is_asked_to_end_the_tree(elsewhere, monkeypatch):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    asked = []
    monkeypatch.setattr(operating_system.subprocess, "run", lambda words, **_: asked.append(words))
    try:
        operating_system.signal_group(process, signal.SIGTERM)
        assert asked == [["taskkill", "/F", "/T", "/PID", str(process.pid)]] and operating_system.group_runs(process)
        operating_system.signal_group(process, signal.SIGINT)
        assert process.wait(10) != 0 and not operating_system.group_runs(process)
    finally:
        process.kill()
