"""Asks child processes about packages; a package that crashes or hangs costs its own child and no more."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 180.0  # seconds that one package may take to import


def probe(names: list[str], patience: float = PATIENCE) -> dict[str, dict[str, Any]]:
    """What `relnas_mm.doctor.child` says of each name; at least an `error` for each that cannot be examined.

    Args:
        names: packages, `@ops` or `@gpus`, imported in this order in one process.
        patience: seconds that one of them may take.
    """
    found: dict[str, dict[str, Any]] = {}
    waiting = list(names)
    while waiting:
        reports, end = _ask_child(waiting, patience)
        found.update(reports)
        waiting = waiting[len(reports) :]
        if waiting:  # the child ended early: the next name is the culprit
            found[waiting.pop(0)] = {"error": end}
    return found


def _ask_child(names: list[str], patience: float) -> tuple[dict[str, dict[str, Any]], str]:
    """The reports of one child, and how it ended."""
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
