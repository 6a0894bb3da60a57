"""Runs the steps of a pipeline, each as a command-line tool in its own process."""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from relnas_mm.errors import UserError
from relnas_mm.outputs import reserved
from relnas_mm.pipeline.child_processes import Processes
from relnas_mm.pipeline.durations import duration_text
from relnas_mm.pipeline.inputs import Inputs
from relnas_mm.pipeline.launch import Launcher
from relnas_mm.pipeline.learning_rates import scaled_rates
from relnas_mm.pipeline.pace import remaining
from relnas_mm.pipeline.progress import Progress
from relnas_mm.pipeline.results import BLOCKED, DONE, FAILED, NO_DATA, OPEN
from relnas_mm.pipeline.steps import Step

LOGS, REPLACED = "logs", "replaced"


@dataclass(frozen=True)
class Status:
    """What is known of a step without running it.

    Args:
        state: 'done', 'failed', 'blocked', 'no data' or 'open'.
        reason: Why it is not done, if it cannot run or has failed.
        seconds: Time spent; `None` if it never ran.
        changed: Whether it was done with other inputs.
    """

    state: str
    reason: str = ""
    seconds: float | None = None
    changed: bool = False


@dataclass(frozen=True)
class _Ended:
    """A step that has run: its index, its slot, and its status or what it raised."""

    index: int
    slot: int
    outcome: "Status | BaseException"


@dataclass
class PipelineRun:
    """The steps of a pipeline and what became of them.

    Args:
        steps: Steps in an order in which they can run.
        work_dir: Folder of the pipeline.
        launcher: Starts the tools.
        jobs: Number of steps that run at the same time.
        notify: Prints one line.
    """

    steps: tuple[Step, ...]
    work_dir: Path
    launcher: Launcher
    jobs: int = 1
    notify: Callable[[str], None] = lambda line: print(line, flush=True)
    inputs: Inputs = field(default_factory=Inputs)
    digests: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.progress = Progress.load(self.work_dir)
        self.processes = Processes(prefixed=self.jobs > 1)
        self._lock = threading.Lock()

    def status(self, step: Step, states: Mapping[str, str]) -> Status:
        """The status of a step.

        Args:
            step: The step.
            states: States of the steps before it.
        """
        missing = [one for one in self.inputs.missing(step) if not self._is_made(one.path)]
        if missing:
            return Status(NO_DATA, "; ".join(map(str, missing)))
        blocking = [name for name in step.needs if states[name] != DONE]
        if any(name not in self.digests for name in step.needs):  # their data are missing
            return Status(BLOCKED, f"it needs {blocking[0]}, which is not done")
        self.digests[step.name] = digest = self.inputs.digest(step, self.digests)
        entry = self.progress.entries.get(step.name)
        same = entry is not None and entry.digest == digest
        if entry and entry.state == DONE and same and not blocking and step.folder.exists():
            return Status(DONE, seconds=entry.seconds)
        changed = entry is not None and not same and not blocking
        seconds = entry.seconds if entry and same else None
        if blocking:
            return Status(BLOCKED, f"it needs {blocking[0]}, which is not done", seconds)
        if entry and same and entry.state == FAILED:
            return Status(FAILED, entry.reason, seconds)
        return Status(OPEN, seconds=seconds, changed=changed)

    def statuses(self) -> dict[str, Status]:
        """The status of all steps; steps whose needs are not done yet are blocked."""
        found: dict[str, Status] = {}
        for step in self.steps:
            found[step.name] = self.status(step, {name: one.state for name, one in found.items()})
        return found

    def run(self, selected: Iterable[str]) -> dict[str, Status]:
        """Runs the selected steps that are not done.

        A step that fails, or whose data are missing, does not stop those that do not need it.

        Args:
            selected: Names of the steps to run.

        Returns:
            The status of all steps.

        Raises:
            UserError: The work_dir cannot be written, or another process uses it.
            KeyboardInterrupt: The user interrupted the run; its tool has been stopped.
        """
        with reserved(self.work_dir):
            return self._run_all(frozenset(selected))

    def _run_all(self, chosen: frozenset[str]) -> dict[str, Status]:
        self.progress.save()
        for sentence in scaled_rates(
            [step for step in self.steps if step.name in chosen], self.inputs, self.launcher.gpus
        ):
            self.notify(sentence)
        found: dict[str, Status] = {}
        running: dict[int, threading.Thread] = {}
        free = list(range(self.jobs))
        # Signals raise exceptions in this thread wherever it is; a lock of concurrent.futures would stay locked, but
        # not this queue.
        ended: SimpleQueue[_Ended] = SimpleQueue()
        begun = time.monotonic()
        try:
            while len(found) < len(self.steps):
                for index in self._ready(found, running):
                    if free and not self._waits(index, running):
                        self._begin(index, chosen, found, running, free, ended)
                if running:
                    self._end(ended.get(), chosen, found, running, free)
        except BaseException:
            self.processes.stop()
            for thread in running.values():
                thread.join()
            raise
        finally:
            self.progress.wall_seconds += time.monotonic() - begun
            self.progress.save()
        return {step.name: found[step.name] for step in self.steps}

    def _ready(self, found: Mapping[str, Status], running: Collection[int]) -> list[int]:
        """Indices of the steps that wait for no other one."""
        return [
            index
            for index, step in enumerate(self.steps)
            if step.name not in found and index not in running and all(name in found for name in step.needs)
        ]

    def _waits(self, index: int, running: Collection[int]) -> bool:
        """Whether a step has to wait because it, or one that runs, must be alone."""
        return bool(running) and (self.steps[index].alone or any(self.steps[one].alone for one in running))

    def _begin(
        self,
        index: int,
        chosen: frozenset[str],
        found: dict[str, Status],
        running: dict[int, threading.Thread],
        free: list[int],
        ended: "SimpleQueue[_Ended]",
    ) -> None:
        """Starts a step in a thread, or settles what becomes of it if it does not run."""
        step, place = self.steps[index], self._place(index)
        status = self.status(step, {name: one.state for name, one in found.items()})
        if status.state == DONE:
            self.notify(f"{place}: done before, {duration_text(status.seconds or 0)}")
        elif step.name not in chosen:
            self.notify(f"{place}: left out")
        elif status.state in (BLOCKED, NO_DATA):
            self.notify(f"{place}: not run: {status.reason}")
        else:
            self.notify(f"{place}: {_start_in_words(status)}")
            slot = free.pop(0)
            running[index] = threading.Thread(target=lambda: ended.put(_Ended(index, slot, self._outcome(step, slot))))
            running[index].start()
            return
        found[step.name] = status

    def _end(
        self,
        ended: "_Ended",
        chosen: frozenset[str],
        found: dict[str, Status],
        running: dict[int, threading.Thread],
        free: list[int],
    ) -> None:
        """Settles a step that has run."""
        del running[ended.index]
        free.append(ended.slot)
        if isinstance(ended.outcome, BaseException):
            raise ended.outcome
        found[self.steps[ended.index].name] = ended.outcome
        text = "done" if ended.outcome.state == DONE else "failed"
        taken = duration_text(ended.outcome.seconds or 0)
        self.notify(f"{self._place(ended.index)}: {text} after {taken}{self._left(chosen, found)}")

    def _left(self, chosen: frozenset[str], found: Mapping[str, Status]) -> str:
        seconds = {name: entry.seconds for name, entry in self.progress.entries.items() if entry.state == DONE}
        return remaining(self.steps, seconds, chosen - found.keys(), self.jobs)

    def _place(self, index: int) -> str:
        return f"[{index + 1}/{len(self.steps)}] {self.steps[index].name}"

    def log(self, step: Step) -> Path:
        """The log of a step."""
        return self.work_dir / LOGS / f"{step.name}.log"

    def _is_made(self, path: str) -> bool:
        """Whether a step of the pipeline generates this path."""
        real = os.path.realpath(path)
        return any(
            (real + os.sep).startswith(os.path.realpath(step.folder) + os.sep)
            for step in self.steps
            if step.stage == "data"
        )

    def _outcome(self, step: Step, slot: int) -> "Status | BaseException":
        """Runs a step; gives an exception instead of raising it, as nobody would see it in a thread."""
        try:
            return self._run(step, slot)
        except BaseException as error:
            return error

    def _run(self, step: Step, slot: int) -> Status:
        """Runs a step to its end."""
        digest = self.digests[step.name]
        with self._lock:
            entry = self.progress.entries.get(step.name)
            same = entry is not None and entry.digest == digest and entry.state != DONE
            resume = same and step.resumes
            if not resume and step.stage != "data":  # generated data are reused by their tool
                self._put_aside(step, "an unfinished try" if same else "other inputs")
            self.progress.begin(step.name, digest)
        reason = ""
        try:
            step.folder.parent.mkdir(parents=True, exist_ok=True)
            if not step.work_dir and step.stage != "data":
                step.folder.mkdir(exist_ok=True)
            command, environment = self.launcher.command(step, resume), self.launcher.environment(slot, self.jobs)
            code, lines = self.processes.call(step.name, command, environment, self.log(step))
            if code:
                reason = "\n".join([f"{step.tool}.py ended with exit code {code}:", *lines])
        except UserError as error:
            reason = str(error)
        except BaseException:
            with self._lock:
                self.progress.interrupt(step.name)
            raise
        with self._lock:
            if self.processes.stopped:  # it failed because it was stopped
                self.progress.interrupt(step.name)
                return Status(OPEN)
            entry = self.progress.finish(step.name, reason)
        return Status(entry.state, entry.reason, entry.seconds)

    def _put_aside(self, step: Step, origin: str) -> None:
        """Moves earlier results of a step away, so that nothing is lost and nothing continues from them."""
        if not step.folder.exists():
            return
        folder = self.work_dir / REPLACED
        folder.mkdir(exist_ok=True)
        number = 1
        while (target := folder / f"{step.name}-{number}").exists():
            number += 1
        step.folder.rename(target)
        self.notify(f"    results of {origin} are now in {target}")


def unfinished(statuses: Mapping[str, Status], selected: Iterable[str], again: str) -> str:
    """One sentence on the selected steps that are not done, or ''.

    Args:
        statuses: Status of all steps.
        selected: Names of the steps that should have run.
        again: Command that continues.
    """
    chosen = frozenset(selected)
    left = {name: one for name, one in statuses.items() if name in chosen and one.state != DONE}
    if not left:
        return ""
    causes = {name: one for name, one in left.items() if one.state != BLOCKED} or left
    name, status = next(iter(causes.items()))
    others = f" and {len(left) - 1} more" if len(left) > 1 else ""
    return (
        f"{name}{others} of {len(chosen)} steps did not finish: {status.reason or status.state}\nto continue: {again}"
    )


def _start_in_words(status: Status) -> str:
    if status.state == FAILED or status.seconds is not None:
        return "continued"
    return "runs again, as its inputs have changed" if status.changed else "runs"
