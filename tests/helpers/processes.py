"""Work in a process that need not import what is imported already: a function, or a script of the repository.

Each tool is also run in a process of its own somewhere, as a user's shell would start it (`run_as_user`).
"""

import multiprocessing.connection
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import traceback
from pathlib import Path
from unittest import mock

import pytest
import torch

from relnas_mm.interruption import Interrupted

ROOT = Path(__file__).resolve().parents[2]
# Forks of a process that has only imported: a fork of the test process may wait forever for a lock that one of its
# threads held.
FORKS = "forkserver" in multiprocessing.get_all_start_methods()  # not on Windows
_clean = multiprocessing.get_context("forkserver" if FORKS else "spawn")
if FORKS:
    multiprocessing.get_context("forkserver").set_forkserver_preload(
        ["relnas_mm.launch", "relnas_mm.search.setup"]
        + [f"{name}.{part}" for name in ("mmdet", "mmseg", "mmpose") for part in ("models", "datasets", "evaluation")]
    )


def in_child(work, seconds: float | None = None) -> int:
    """Runs `work` in a fork of this process, kills it after some seconds, gives its exit code (negative: signal)."""
    if not FORKS:
        pytest.skip("a search that is killed is forked, which this system cannot do")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            torch.set_num_threads(1)
            work()
            code = 0
        except SystemExit as exit:
            code = exit.code or 0
        except KeyboardInterrupt as request:
            code = Interrupted.of(request).exit_code
        finally:
            os._exit(code)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fresh(code: str, folder: Path = ROOT, **environment: str) -> str:
    """What code prints in a new interpreter, where nothing of mm or torch is imported yet.

    Args:
        code: Python, may be indented.
        folder: Where it runs; the checkout is on its path anyway.
        **environment: Variables that it sees beside those of this process.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **environment}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def called(main, *words) -> int:
    """Exit code of a command's `main` in this process, with a command line."""
    with mock.patch.object(sys, "argv", ["relnas-mm", *map(str, words)]), pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


def run_as_user(script, *arguments, **environment) -> subprocess.CompletedProcess:
    """What `run_tool` gives, by a new interpreter, as a user's shell starts it."""
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=400
    )


def run_tool(script, *arguments, **environment) -> subprocess.CompletedProcess:
    """Exit code and outputs of `python SCRIPT ARGUMENTS`.

    Args:
        script: Its path below the root.
        *arguments: Its command line.
        **environment: Variables that it sees beside those of this process.
    """
    return _outcome([str(script), *map(str, arguments)], [environment])


def free_port() -> str:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def run_in_two_processes(script, *arguments, launcher="pytorch", **environment) -> subprocess.CompletedProcess:
    """The same in two processes without a GPU, which find what a launcher tells them."""
    command = [str(script), *map(str, arguments), "--launcher", launcher]
    meeting = {"MASTER_PORT": free_port(), "CUDA_VISIBLE_DEVICES": ""}
    rank, local, size = "RANK", "LOCAL_RANK", "WORLD_SIZE"
    if launcher == "slurm":
        rank, local, size = "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS"
    else:
        meeting["MASTER_ADDR"] = "127.0.0.1"
    ranks = [{rank: number, local: number, size: "2"} for number in "01"]
    return _outcome(command, [{**environment, **meeting, **one} for one in ranks])


def children(pid: int) -> list[int]:
    """Child processes of a process, as Linux lists them."""
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class StartedTool:
    """A tool that runs in the background.

    Args:
        folder: Existing folder for its outputs.
        script: Its path below the root.
        *arguments: Its command line.
        limits: Limits of the system, by their names in `resource`.
        **environment: As for `run_tool`.
    """

    def __init__(self, folder: Path, script, *arguments, limits=None, **environment):
        self.command = [str(script), *map(str, arguments)]
        self.out, self.err = (folder / name for name in ("stdout", "stderr"))
        self.out.touch()
        self.err.touch()
        words = (self.command, {**os.environ, **environment}, str(self.out), str(self.err), limits)
        self.process = _clean.Process(target=_as_main, args=words)
        self.process.start()

    def until(self, seen, seconds: float = 200.0) -> None:
        """Waits until `seen()` is true of its output."""
        deadline = time.monotonic() + seconds
        while not seen(self.out.read_text()):
            assert self.process.is_alive(), self.err.read_text()[-3000:]
            assert time.monotonic() < deadline, self.out.read_text()[-3000:]
            time.sleep(0.02)

    def children(self) -> list[int]:
        """Its child processes."""
        return children(self.process.pid)

    def ended(self, seconds: float = 100.0) -> subprocess.CompletedProcess:
        """Waits for its end; gives what `run_tool` gives."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "it does not end"
        return subprocess.CompletedProcess(
            self.command, self.process.exitcode, self.out.read_text(), self.err.read_text()
        )


def shell(**environment) -> dict[str, str]:
    """The environment of a user's shell in which `python` is the one that runs the tests."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **environment}


def _outcome(command: list[str], environments: list[dict[str, str]]) -> subprocess.CompletedProcess:
    """Of a process for each environment; when one fails, the others are ended, as launchers do."""
    context = multiprocessing.get_context("spawn") if torch.cuda.is_available() else _clean  # no fork can use CUDA
    with tempfile.TemporaryDirectory() as folder:
        out, err = (str(Path(folder) / name) for name in ("out", "err"))
        processes = [
            context.Process(target=_as_main, args=(command, {**os.environ, **environment}, out, err))
            for environment in environments
        ]
        for process in processes:
            process.start()
        while alive := [process for process in processes if process.is_alive()]:
            multiprocessing.connection.wait([process.sentinel for process in alive])
            if any(process.exitcode for process in processes):
                for process in alive:
                    process.terminate()
        code = next((process.exitcode for process in processes if process.exitcode), 0)
        return subprocess.CompletedProcess(command, code, Path(out).read_text(), Path(err).read_text())


def _as_main(command: list[str], environment: dict[str, str], out: str, err: str, limits=None) -> None:
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        signal.signal(number, handler)
    for name, value in (limits or {}).items():
        import resource

        resource.setrlimit(getattr(resource, name), (value, value))
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
