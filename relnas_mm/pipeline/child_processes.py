"""Child processes with a log, which can be stopped together."""

import shlex
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from relnas_mm.operating_system import GROUP, STOPS, group_runs, signal_group

SHOWN_LINES = 12
"""Last lines of a log that messages and reports repeat."""
MAX_WIDTH = 500


class Processes:
    """Running child processes.

    Args:
        prefixed: Whether each line of output on the terminal starts with the name of its process.

    Attributes:
        stopped: Whether `stop` was called.
    """

    def __init__(self, prefixed: bool = False):
        self.prefixed = prefixed
        self._running: list[subprocess.Popen[str]] = []
        self.stopped = False
        self._lock = threading.Lock()

    def call(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> tuple[int, list[str]]:
        """Runs a command; its output goes to the terminal and to the end of a log.

        Args:
            name: Name for the prefix.
            command: Program and arguments.
            environment: All environment variables.
            log: The log file, in a new or existing folder.

        Returns:
            The exit code, and the last lines of the output.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        last: deque[str] = deque(maxlen=SHOWN_LINES)
        prefix = f"{name} | " if self.prefixed else ""
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"$ {shlex.join(command)}\n")
            process = self._start(command, environment)
            assert process.stdout is not None
            with process.stdout:
                for line in process.stdout:
                    sys.stdout.write(prefix + line)
                    sys.stdout.flush()
                    file.write(line)
                    file.flush()
                    last.append(line.rstrip()[-MAX_WIDTH:])
            code = process.wait()
        with self._lock:
            self._running.remove(process)
        return code, list(last)

    def stop(self) -> None:
        """Interrupts all processes with their children, and kills those that do not end; none can start any more."""
        with self._lock:
            self.stopped = True
            running = list(self._running)
        for number, wait in STOPS:
            for process in running:
                signal_group(process, number)
            deadline = time.monotonic() + wait
            while (running := [process for process in running if group_runs(process)]) and time.monotonic() < deadline:
                time.sleep(0.05)

    def _start(self, command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[str]":
        with self._lock:
            if self.stopped:
                raise KeyboardInterrupt
            process = subprocess.Popen(
                command,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                **GROUP,
            )
            self._running.append(process)
            return process
