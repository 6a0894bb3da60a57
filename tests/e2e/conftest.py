"""Tools in this process."""

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import ROOT


@pytest.fixture
def tool(monkeypatch, capsys) -> Callable[..., subprocess.CompletedProcess]:
    """Runs a script in this process, which saves the seconds of importing; gives what `run_tool` gives."""

    def run(script, *arguments, folder: Path = ROOT, **environment) -> subprocess.CompletedProcess:
        from helpers.mm import forget_globals

        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [str(ROOT / script), *map(str, arguments)])
        forget_globals()  # else a visualizer would draw where the last tool's did
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / script), run_name="__main__")
        output = capsys.readouterr()
        return subprocess.CompletedProcess(sys.argv, ended.value.code or 0, output.out, output.err)

    return run
