"""Work in a process that need not import what is imported already: a function, or a script of the repository.

Each tool is also run in a process of its own somewhere, as a user's shell would start it.
"""

import multiprocessing.connection
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
# Forks of a process that has only imported: a fork of the test process may wait forever for a lock that one of its
# threads held.
_clean = multiprocessing.get_context("forkserver")
_clean.set_forkserver_preload(
    ["relnas_mm.launch", "relnas_mm.search.setup"]
    + [f"{package}.{part}" for package in ("mmdet", "mmseg", "mmpose") for part in ("models", "datasets", "evaluation")]
)


def in_child(work, seconds: float | None = None) -> int:
    """Runs `work` in a fork of this process, kills it after some seconds, gives its exit code (negative: signal)."""
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
    command, environment = [str(script), *map(str, arguments)], {**os.environ, **environment}
    if torch.cuda.is_available():  # which no fork can use
        return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
    return _outcome(command, [environment])


def run_in_two_processes(script, *arguments, **environment) -> subprocess.CompletedProcess:
    """The same for `python -m torch.distributed.run --nproc_per_node=2 SCRIPT … --launcher pytorch`, on CPUs."""
    command = [str(script), *map(str, arguments)]
    at = command.index("--cfg-options") if "--cfg-options" in command else len(command)
    command[at:at] = ["--launcher", "pytorch"]
    environment = {**os.environ, **environment, "CUDA_VISIBLE_DEVICES": ""}
    if torch.cuda.is_available():
        launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--standalone"]
        return subprocess.run([*launcher, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(2)]
    return _outcome(command, [{**environment, **meeting, **rank} for rank in ranks])


def _outcome(command: list[str], environments: list[dict[str, str]]) -> subprocess.CompletedProcess:
    """Of a process for each environment; when one fails, the others are ended, as launchers do."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder) / name for name in ("out", "err"))
        processes = [
            _clean.Process(target=_as_main, args=(command, environment, str(out), str(err)))
            for environment in environments
        ]
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            multiprocessing.connection.wait([process.sentinel for process in processes if process.is_alive()])
            if any(process.exitcode for process in processes):
                for process in processes:
                    process.terminate()
        code = next((process.exitcode for process in processes if process.exitcode), 0)
        return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())


def _as_main(command: list[str], environment: dict[str, str], out: str, err: str) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    torch.set_num_threads(1)
    os.chdir(ROOT)
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).parent))
    try:
        runpy.run_path(command[0], run_name="__main__")
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
