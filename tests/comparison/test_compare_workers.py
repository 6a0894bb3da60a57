"""Processes of a comparison end with it, and two of them do not share a folder."""

import os
import signal
import subprocess
import sys
import time

import pytest
from comparison_plan import plan_values, write_table
from helpers import ROOT, children, shell

pytestmark = pytest.mark.e2e


@pytest.fixture
def command(tmp_path):
    values = plan_values(write_table(tmp_path / "table.csv"), seeds=4000)
    (tmp_path / "plan.py").write_text(f"comparison = {values!r}\n")
    folder = tmp_path / "work"
    return [sys.executable, str(ROOT / "tools" / "compare.py"), tmp_path / "plan.py", "--work-dir", folder]


def started(command, folder):
    """The tool, as soon as it has finished a search."""
    process = subprocess.Popen(command, env=shell(), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    while process.poll() is None and not (folder / "plan" / "records.jsonl").exists():
        time.sleep(0.05)
    assert process.poll() is None
    return process


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux's list of child processes in /proc")
def test_workers_end_with_a_comparison_that_is_killed(command, tmp_path):
    process = started([*command, "--workers", "2"], tmp_path / "work")
    workers = children(process.pid)
    assert len(workers) == 2
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{worker}") for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(os.path.exists(f"/proc/{worker}") for worker in workers)


@pytest.mark.slow  # the second one waits before it gives up
def test_a_second_comparison_in_the_same_folder_is_refused(usual_signals, command, tmp_path):
    first = started([*command, "--workers", "1"], tmp_path / "work")
    second = subprocess.run([*command, "--workers", "1"], env=shell(), capture_output=True, text=True)
    assert second.returncode == 2
    assert "is in use by another process; wait for it, stop it, or choose another folder" in second.stderr
    assert "Traceback" not in second.stderr
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 130
    first.communicate()
