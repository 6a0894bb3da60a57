"""Runs a script as `python SCRIPT …` would, in a fork of this process: what is imported here need not be again.

Each tool is also run in a process of its own somewhere, as a user's shell would start it.
"""

import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]


def run_tool(script, *arguments, **environment) -> subprocess.CompletedProcess:
    """Exit code and outputs of a script of the repository.

    Args:
        script: Its path below the root.
        *arguments: Its command line.
        **environment: Variables that it sees beside those of this process.
    """
    import relnas_mm.launch  # noqa: F401  what every tool needs

    command = [str(script), *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            os._exit(_as_main(command, environment, out.fileno(), err.fileno()))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


def _as_main(command: list[str], environment: dict[str, str], out: int, err: int) -> int:
    """In the child: the script's exit code."""
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).parent))
    torch.set_num_threads(1)
    try:
        runpy.run_path(command[0], run_name="__main__")
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code
