"""What the readers of files do with mutated inputs: each has to accept them or to say in one sentence what is wrong.

    python benchmarks/fuzz_parsers.py [--inputs 1000000] [--seed 0] [--parsers NAME …] [--show INPUT]

Input `i` of a seed is always the same one.  Inputs are read in processes with a limit of memory, and one that takes too
long is ended.  Exits with 1 if a reader raised anything but `UserError`, died, or ran out of time; `--show` repeats one
input with its traceback.
"""

import argparse
import multiprocessing
import os
import resource
import shlex
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz_mutations import mutated
from fuzz_readers import READERS, Reader, check_seeds

from relnas_mm.errors import UserError
from relnas_mm.files import write_json
from relnas_mm.provenance import provenance

ROOT = Path(__file__).resolve().parents[1]
MEMORY = 2 << 30
"""Bytes that a process may take in addition to what the imports took."""
SECONDS = 10.0
"""Longest time of one input."""
WAITING, ACCEPTED, REFUSED, RAISED, DIED, TIMED_OUT = range(6)
NAMES = {ACCEPTED: "accepted", REFUSED: "UserError", RAISED: "other exception", DIED: "death", TIMED_OUT: "timeout"}
MOST_EXAMPLES = 5
POLL = 0.05


@dataclass
class Work:
    """Inputs of one worker, and what is shared with it."""

    indices: range
    outcomes: Any
    """A byte for each input of the run."""
    position: Any
    """Place in `indices` of the input that is being read."""
    started: Any
    """When its reading began."""
    failures: Path
    """File of the worker's lines `INDEX<tab>CLASS<tab>MESSAGE`."""


@dataclass
class Tally:
    """Outcomes, and examples of those that must not be."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    classes: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)


def reader_of(index: int, readers: Sequence[Reader]) -> Reader:
    return readers[index % len(readers)]


def read_input(index: int, seed: int, readers: Sequence[Reader], folder: Path) -> None:
    """Writes one input, and reads it."""
    reader = reader_of(index, readers)
    reader.read(mutated(reader.seeds(), reader.kind, f"{seed}/{reader.name}/{index}"), folder)


def worker(work: Work, seed: int, readers: Sequence[Reader]) -> None:
    """Reads the inputs from `work.position` on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # Pillow warns of damage that it reads over
    size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=shared) as scratch, work.failures.open("a") as failures:
        for place in range(work.position.value, len(work.indices)):
            index = work.indices[place]
            work.position.value, work.started.value = place, time.monotonic()
            try:
                read_input(index, seed, readers, Path(scratch))
                outcome = ACCEPTED
            except UserError:
                outcome = REFUSED
            except BaseException as error:
                outcome = RAISED
                lines = traceback.extract_tb(error.__traceback__)
                place_of = f"{Path(lines[-1].filename).name}:{lines[-1].lineno}" if lines else ""
                message = " ".join(f"{str(error)[:200]} ({place_of})".split())
                failures.write(f"{index}\t{type(error).__name__}\t{message}\n")
                failures.flush()
            work.outcomes[index] = outcome
    work.position.value = len(work.indices)


def run(inputs: int, seed: int, readers: Sequence[Reader], workers: int) -> Tally:
    context = multiprocessing.get_context("fork")
    outcomes = context.RawArray("B", inputs)
    with tempfile.TemporaryDirectory() as folder:
        works = [
            Work(range(w, inputs, workers), outcomes, context.RawValue("q", 0), context.RawValue("d", 0.0),
                 Path(folder, f"failures-{w}.txt"))
            for w in range(workers)
        ]  # fmt: skip
        running = {w: _start(context, work, seed, readers) for w, work in enumerate(works)}
        last = time.monotonic()
        while running:
            time.sleep(POLL)
            for w, process in list(running.items()):
                work = works[w]
                overdue = work.started.value and time.monotonic() - work.started.value > SECONDS
                if process.is_alive() and not overdue:
                    continue
                if process.is_alive():
                    process.kill()
                process.join()
                if work.position.value >= len(work.indices):
                    del running[w]
                    continue
                _note(work, TIMED_OUT if overdue else DIED, process.exitcode)
                running[w] = _start(context, work, seed, readers)
            if time.monotonic() - last > 30:
                last = time.monotonic()
                print(f"{sum(map(bool, outcomes[:]))} of {inputs}", file=sys.stderr, flush=True)
        return _tally(outcomes, works, readers)


def _start(context: Any, work: Work, seed: int, readers: Sequence[Reader]) -> Any:
    work.started.value = 0.0
    process = context.Process(target=worker, args=(work, seed, readers), daemon=True)
    process.start()
    return process


def _note(work: Work, outcome: int, code: int | None) -> None:
    """Records the input at which a process ended, and moves on to the next."""
    index = work.indices[work.position.value]
    work.outcomes[index] = outcome
    with work.failures.open("a") as file:
        file.write(f"{index}\t{NAMES[outcome]}\texit code {code}\n")
    work.position.value += 1


def _tally(outcomes: Any, works: Sequence[Work], readers: Sequence[Reader]) -> Tally:
    tally = Tally({reader.name: Counter() for reader in readers})
    for index, outcome in enumerate(outcomes):
        tally.counts[reader_of(index, readers).name][NAMES[outcome]] += 1
    shown: Counter[tuple[str, str]] = Counter()
    for index, kind, message in sorted(_failures(works)):
        name = reader_of(index, readers).name
        tally.classes[kind] += 1
        shown[name, kind] += 1
        if shown[name, kind] <= MOST_EXAMPLES:
            tally.examples.append({"input": index, "reader": name, "class": kind, "message": message})
    return tally


def _failures(works: Sequence[Work]) -> Iterator[tuple[int, str, str]]:
    for work in works:
        for line in work.failures.read_text().splitlines() if work.failures.exists() else ():
            index, kind, message = line.split("\t", 2)
            yield int(index), kind, message


def chosen(names: Sequence[str]) -> list[Reader]:
    if unknown := set(names) - {reader.name for reader in READERS}:
        raise SystemExit(f"unknown readers {sorted(unknown)}; known are {[reader.name for reader in READERS]}")
    return [reader for reader in READERS if not names or reader.name in names]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--parsers", nargs="+", default=[], metavar="NAME", help="only these readers")
    parser.add_argument("--show", type=int, metavar="INPUT", help="repeat one input, with its traceback")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "fuzz_parsers.json")
    args = parser.parse_args()
    readers = chosen(args.parsers)
    with tempfile.TemporaryDirectory() as folder:
        for reader in readers:
            check_seeds(reader, Path(folder))
    if args.show is not None:
        read_input(args.show, args.seed, readers, Path(tempfile.mkdtemp()))
        print("accepted")
        return 0
    start = time.monotonic()
    tally = run(args.inputs, args.seed, readers, args.workers)
    seconds = time.monotonic() - start
    totals = sum(tally.counts.values(), Counter())
    record = {
        **provenance(shlex.join(["python", "benchmarks/fuzz_parsers.py", *sys.argv[1:]])),
        "inputs": args.inputs,
        "seed": args.seed,
        "workers": args.workers,
        "inputs_per_second": round(args.inputs / seconds, 1),
        "limits": {"memory_bytes": MEMORY, "seconds": SECONDS},
        "outcomes": {name: totals[name] for name in NAMES.values()},
        "classes": dict(tally.classes.most_common()),
        "readers": {name: {key: counts[key] for key in NAMES.values()} for name, counts in tally.counts.items()},
        "examples": tally.examples,
    }
    write_json(args.out, record, f"the result {str(args.out)!r}")
    print(f"{args.inputs} inputs, {args.inputs / seconds:.0f} per second: {dict(totals)}")
    for example in tally.examples:
        print(f"  input {example['input']} of {example['reader']}: {example['class']}: {example['message']}")
    return int(bool(tally.classes))


if __name__ == "__main__":
    sys.exit(main())
