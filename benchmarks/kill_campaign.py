"""Kills searches and trainings and lets them go on: `python benchmarks/kill_campaign.py WORK_DIR [--kills N]`.

Each target runs once undisturbed, once with another seed (whose outcome must differ, or the comparison says nothing),
and then again and again in new folders, in which it is ended by SIGKILL with all its child processes: at random
instants, and at each kind of write that it makes, just before the system is asked for it.  It is resumed until it
ends, and what it leaves is compared with what the undisturbed run left.

Lines are kept in docs/results/kill_campaign_runs.jsonl, one per target; the same command goes on with the next one.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import re
import runpy
import shutil
import signal
import socket
import sys
import time
import traceback
from collections import Counter
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import torch
from kill_targets import TARGETS, Target
from runs_file import RESULTS, RunsFile

from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import json_text, write_atomically
from relnas_mm.provenance import provenance

ROOT = Path(__file__).resolve().parents[1]
DATA = {
    "cifar10": {"train": 200, "test": 50},
    "image_folder": {"train": 24, "val": 10},
    "voc": {"train": 24, "val": 8, "test": 8},
    "cityscapes": {"train": 24, "val": 8},
    "coco_keypoints": {"train": 24, "val": 8},
}
KILLS_IN_A_ROW = 4
"""Kills at random instants before a run is left to end."""
LONGEST = 600.0
"""Seconds after which a run is stuck."""
WRITES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")
"""Audit events of the interpreter that change files."""

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(
    ["relnas_mm.launch", "relnas_mm.search.setup", "relnas_mm.downstream"]
    + [f"{package}.{part}" for package in ("mmdet", "mmseg", "mmpose") for part in ("models", "datasets", "evaluation")]
)


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("work_dir", type=Path, help="a folder on a disk of this machine")
    command.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="NAME")
    command.add_argument("--kills", type=int, default=45, help="kills of each target [45]")
    command.add_argument("--seed", type=int, default=0, help="of the instants [0]")
    return command


@reports_user_errors
def main() -> None:
    args = parser().parse_args()
    for layout, splits in DATA.items():
        generate_shapes(args.work_dir / "data" / layout, layout, splits, progress=False)
    os.environ["SHAPES_ROOT"] = str((args.work_dir / "data").resolve())  # where configs look for them
    runs = RunsFile("kill_campaign_runs.jsonl", ("target",))
    for name in args.targets:
        if (name,) in runs.runs:
            print(f"{name}: measured before", flush=True)
            continue
        runs.add((name,), campaign(name, args.work_dir, args.kills, random.Random(f"{args.seed} {name}")))
    done = [runs.runs[(name,)] for name in TARGETS if (name,) in runs.runs]
    record = {**provenance("python benchmarks/kill_campaign.py WORK_DIR"), "targets": done}
    write_atomically(RESULTS / "kill_campaign.json", json_text(record, indent=1))


def campaign(name: str, work_dir: Path, kills: int, rng: random.Random) -> dict[str, Any]:
    """Runs a target undisturbed, with another seed, and killed; its figures."""
    target, folder = TARGETS[name], work_dir / re.sub(r"\W+", "_", name)
    shutil.rmtree(folder, ignore_errors=True)
    configs = [target.write(folder / f"seed{seed}", seed, work_dir / "data") for seed in (0, 1)]
    run = Run(target, configs[0], work_dir)
    begun = time.monotonic()
    points = run.undisturbed(folder / "whole")
    seconds = time.monotonic() - begun
    expected = target.outcome(folder / "whole")
    Run(target, configs[1], work_dir).undisturbed(folder / "other")
    if target.outcome(folder / "other") == expected:
        raise UserError(f"{name} ends alike with another seed, so equality would say nothing")
    at_points = Counter[str]()
    at_instants = trials = 0
    kinds = sorted(points)
    rng.shuffle(kinds)
    while at_instants + sum(at_points.values()) < kills:
        place = folder / "killed"
        shutil.rmtree(place, ignore_errors=True)
        if trials % 2 == 0:  # one kill just before a write, of each kind in turn
            kind = kinds[(trials // 2) % len(kinds)]
            number = rng.choice(points[kind])
            if run.killed(place, at=number, resume=False):
                at_points[kind] += 1
        else:
            for attempt in range(KILLS_IN_A_ROW):
                at_instants += run.killed(place, after=rng.uniform(0.1, 0.7) * seconds, resume=attempt > 0)
        run.finish(place)
        if (found := target.outcome(place)) != expected:
            write_atomically(folder / "expected.json", json.dumps(expected, indent=1))
            write_atomically(folder / "found.json", json.dumps(found, indent=1))
            raise UserError(f"{name} ended otherwise after kills: compare expected.json and found.json in {folder}")
        trials += 1
        print(f"{name}: {at_instants} kills at instants, {sum(at_points.values())} before writes", flush=True)
    return {
        "at_instants": at_instants,
        "before_writes": sum(at_points.values()),
        "kinds_of_writes": len(at_points),
        "writes": dict(sorted(at_points.items())),
        "runs": trials,
    }


class Run:
    """Starts a target in processes of its own.

    Args:
        target: The target.
        config: Its config.
        work_dir: Folder of the campaign, for logs.
    """

    def __init__(self, target: Target, config: Path, work_dir: Path):
        self.target, self.config, self.log = target, config, work_dir / "log.txt"

    def undisturbed(self, folder: Path) -> dict[str, list[int]]:
        """Runs it to its end; gives the numbers of the writes of each kind."""
        counted = folder.parent / f"{folder.name}.writes"
        counted.unlink(missing_ok=True)
        self._end(self._start(folder, False, count=counted))
        kinds: dict[str, list[int]] = {}
        for number, kind in enumerate(counted.read_text().splitlines()):
            kinds.setdefault(kind, []).append(number)
        return kinds

    def finish(self, folder: Path) -> None:
        """Lets it go on to its end."""
        self._end(self._start(folder, True))

    def killed(self, folder: Path, resume: bool, after: float | None = None, at: int | None = None) -> bool:
        """Runs it until it is killed, after some seconds or before a write; whether it was, or ended before that."""
        processes = self._start(folder, resume, at=at)
        wait([process.sentinel for process in processes], LONGEST if after is None else after)
        alive = [process for process in processes if process.is_alive()]
        for process in processes:
            _kill_group(process.pid)
            process.join()
        return bool(alive) or any(process.exitcode == -signal.SIGKILL for process in processes)

    def _end(self, processes: list[Any]) -> None:
        deadline = time.monotonic() + LONGEST
        for process in processes:
            process.join(max(deadline - time.monotonic(), 0.1))
        if any(process.exitcode != 0 for process in processes):
            for process in processes:
                _kill_group(process.pid)
            codes = [process.exitcode for process in processes]
            raise UserError(f"{self.config} ended with {codes} (None: it was stuck): see {self.log}")

    def _start(self, folder: Path, resume: bool, **stop: Any) -> list[Any]:
        environments: list[dict[str, str]] = [{}]
        if self.target.processes > 1:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = str(free.getsockname()[1])
            size = str(self.target.processes)
            environments = [
                {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
                for rank in map(str, range(self.target.processes))
            ]
        words = self.target.words(self.config, folder, resume)
        processes = []
        for rank, environment in enumerate(environments):
            chosen = stop if rank == 0 else {}
            process = _server.Process(target=_work, args=(words, environment, str(self.log), str(folder), chosen))
            process.start()
            processes.append(process)
        return processes


def _kill_group(pid: int | None) -> None:
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _work(words: list[str], environment: dict[str, str], log: str, folder: str, stop: dict[str, Any]) -> None:
    """A tool as a process group of its own, which counts its writes or ends before one of them."""
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(environment)
    torch.set_num_threads(1)
    os.chdir(ROOT)
    sys.argv = words
    sys.path.insert(0, str(ROOT / "tools"))
    if stop:
        sys.addaudithook(Writes(folder, **stop))
    code = 1
    try:
        runpy.run_path(words[0], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class Writes:
    """Audit hook that numbers what a process changes below a folder.

    Args:
        folder: The folder.
        count: File that takes the kind of each write.
        at: Number of the write before which the process ends.
    """

    def __init__(self, folder: str, count: Path | None = None, at: int | None = None):
        self.folder, self.at, self.number, self.pid = folder, at, 0, os.getpid()
        self.out = os.open(count, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if count else None

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if event not in WRITES or os.getpid() != self.pid:
            return
        path = details[0]
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        path = os.fsdecode(path)
        if event == "open" and not details[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if not path.startswith(self.folder):
            return
        if self.out is not None:
            os.write(self.out, f"{event.removeprefix('os.')} {kind_of(path[len(self.folder) :])}\n".encode())
        if self.number == self.at:
            os.killpg(0, signal.SIGKILL)
        self.number += 1


def kind_of(path: str) -> str:
    """A path below the folder without what differs from file to file."""
    path = re.sub(r"\d{8}_\d{6}", "TIME", path.lstrip("/"))
    path = re.sub(r"(?<=\.)[a-z0-9_]{8}(?=(\.unfinished)?$)", "SCRATCH", path)
    path = re.sub(r"events\.out\.tfevents\S*", "events", path)
    return re.sub(r"\d+", "N", path) or "."


if __name__ == "__main__":
    main()
