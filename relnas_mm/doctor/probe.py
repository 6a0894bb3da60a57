"""Examines packages in child processes, isolated from crashes and hangs."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 180.0  # timeout of each import in seconds


def probe(names: list[str], patience: float = PATIENCE) -> dict[str, dict[str, Any]]:
    """Reports of `relnas_mm.doctor.child` by name; those of crashed or hanging packages have an `error` only.

    Args:
        names: Packages, `@ops`, `@gpus` or `@fixes`, imported in this order in one process.
        patience: Timeout of each in seconds.
    """
    found: dict[str, dict[str, Any]] = {}
    remaining = list(names)
    while remaining:
        reports, end = _ask_child(remaining, patience)
        found.update(reports)
        remaining = remaining[len(reports) :]
        if remaining:  # the child ended early because of the next name
            found[remaining.pop(0)] = {"error": end}
    return found


def _ask_child(names: list[str], patience: float) -> tuple[dict[str, dict[str, Any]], str]:
    """Reports of one child process, and how it ended."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    command = [sys.executable, "-m", "relnas_mm.doctor.child", *names]
    reports: dict[str, dict[str, Any]] = {}
    late = threading.Event()

    def give_up() -> None:
        late.set()
        child.kill()

    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        while True:
            alarm = threading.Timer(patience, give_up)
            alarm.start()
            line = child.stdout.readline()
            alarm.cancel()
            if not line:
                break
            report = json.loads(line)
            reports[report.pop("name")] = report
    return reports, f"did not finish in {patience:g} seconds" if late.is_set() else _ending(child.returncode)


def _ending(code: int) -> str:
    if code < 0:
        return f"crashed the interpreter ({signal.Signals(-code).name})"
    return f"ended the interpreter (exit code {code})"
