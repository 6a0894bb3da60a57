"""Work in a fork of this process, where what is imported need not be again: a function, or a script of the repository.

Each tool is also run in a process of its own somewhere, as a user's shell would start it.
"""

import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]


def in_child(work, seconds: float | None = None) -> int:
    """Runs `work` in a forked process, kills it after some seconds, and gives its exit code (negative: signal)."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            torch.set_num_threads(1)
            work()
            code = 0
        except SystemExit as exit:
            code = exit.code or 0
        finally:
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run_tool(script, *arguments, **environment) -> subprocess.CompletedProcess:
    """Exit code and outputs of `python SCRIPT ARGUMENTS`.

    Args:
        script: Its path below the root.
        *arguments: Its command line.
        **environment: Variables that it sees beside those of this process.
    """
    import relnas_mm.launch  # noqa: F401  what every tool needs

    command = [str(script), *map(str, arguments)]
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        code = in_child(lambda: _as_main(command, environment, out.fileno(), err.fileno()))
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


def _as_main(command: list[str], environment: dict[str, str], out: int, err: int) -> None:
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).parent))
    try:
        runpy.run_path(command[0], run_name="__main__")
    except Exception:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
