"""Collects the facts and applies the rules."""

import platform
import shutil
from pathlib import Path

from relnas_mm import compat
from relnas_mm.compat import environment
from relnas_mm.compat.versions import TESTED
from relnas_mm.doctor import machine
from relnas_mm.doctor.facts import Facts, Package, Report
from relnas_mm.doctor.probe import PATIENCE, probe
from relnas_mm.doctor.rules import judge
from relnas_mm.operating_system import usable_cores


def examine(folder: str | None = None, patience: float = PATIENCE) -> Report:
    """Examines this environment, in 10 to 30 seconds, mostly for imports.

    Args:
        folder: Output folder of runs; by default the current folder.
        patience: Timeout of each import in seconds.
    """
    folder = str(Path.cwd()) if folder is None else folder
    names = [tested.module for tested in TESTED]
    found = probe([*names, "@ops", "@gpus", "@fixes"], patience)
    packages = {
        name: Package(report.get("version"), report.get("error"), report.get("stand_in", False))
        for name, report in found.items()
        if name in names
    }
    ops = found["@ops"]
    facts = Facts(
        python=platform.python_version(),
        packages=packages,
        backend=ops.get("backend", f"none ({ops.get('error')})"),
        ops_error=ops.get("error"),
        gpus=tuple(found["@gpus"].get("gpus", ())),
        has_nvidia_driver=shutil.which("nvidia-smi") is not None,
        compat_on=bool(compat.apply()),
        compat_at_start=environment.status(environment.site_packages()),
        fixes_failed=found["@fixes"].get("failed", {}),
        distributions=machine.distributions(),
        torch_wanted=machine.torch_wanted(),
        folder=folder,
        writable=machine.writable(folder),
        free_disk=machine.free_disk(folder),
        free_memory=machine.free_memory(),
        shared_memory=machine.free_disk("/dev/shm"),
        cores=usable_cores(),
    )
    return Report(facts, judge(facts))
