"""Feeds damaged and hostile files to every reader: each must accept them or end in one `UserError`.

    python benchmarks/fuzz_parsers.py --inputs 1000000 [--engine atheris] [--targets genotype voc_xml] [--seed 0]

`atheris` (libFuzzer, `pip install atheris`) follows the coverage of relnas_mm; `mutation` needs no package: it damages
seed files by bits, spans, splices, numbers and words.  Each target runs in processes of its own, with limits of memory
and time.  Anything but acceptance or a `UserError` is kept in `--failures` and ends in exit code 1.  Fills
docs/results/fuzz_parsers.json.
"""

import argparse
import importlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

if "--child" in sys.argv and "atheris" in sys.argv:  # coverage is counted in modules that are imported here
    import atheris  # pyright: ignore[reportMissingImports]  # optional, see the docstring

    with atheris.instrument_imports(include=["relnas_mm"]):
        importlib.import_module("fuzz_targets")

from fuzz_targets import SEEDS, TARGETS

from relnas_mm.errors import UserError
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance

ROOT = Path(__file__).resolve().parents[1]
MEMORY, SECONDS = 8 << 30, 10
"""Limits of a process, in bytes of address space (most of it libraries), and of one input, in seconds."""
MOST_BYTES = 1 << 16
REPORT_EVERY = 200
WORDS = [
    *(
        b"0",
        b"-1",
        b"1e999",
        b"NaN",
        b"-Infinity",
        b"9" * 400,
        b"9" * 5000,
        b"1e-400",
        b"0x10",
        b"true",
        b"null",
        b'""',
    ),
    *(b"[" * 2000, b'{"a":' * 2000, b"[]", b"{}", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\n", b","),
    *(b"../../x", b"~nobody", b"%s%n", b"<!ENTITY x SYSTEM 'file:///etc/passwd'>", b"&x;", b"(" * 500, b"__import__"),
    *(b"cnumpy\nndarray\n", b"cos\nsystem\n", b"\x80\x04\x95", b"r\xff\xff\xff\xff", b"\xff" * 8, b"\x7f\xff\xff\xff"),
]


class Slow(BaseException):
    """An input that takes longer than `SECONDS`."""


class Outcomes:
    """Counts outcomes, and keeps an input of each distinct failure.

    Args:
        target: Name of the reader.
        scratch: Folder with the file that is read.
        log: Where the counts are written.
        failures: Folder of inputs that failed.
    """

    def __init__(self, target: str, scratch: Path, log: Path, failures: Path):
        self.name, self.read = TARGETS[target]
        self.target, self.log, self.failures = target, log, failures
        self.file = prepared(target, scratch) / self.name
        self.counts: Counter[str] = Counter()
        self.kinds: dict[str, str] = {}
        signal.signal(signal.SIGALRM, self._late)

    def __call__(self, content: bytes) -> None:
        """Reads one input."""
        self.file.write_bytes(content[:MOST_BYTES])
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            self.read(self.file)
            outcome = "accepted"
        except UserError:
            outcome = "refused"
        except BaseException as error:
            outcome = "slow" if isinstance(error, Slow) else "other exceptions"
            self._keep(error, content)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self.counts[outcome] += 1
        if sum(self.counts.values()) % REPORT_EVERY == 0:
            self.report()

    def report(self) -> None:
        """Writes the counts."""
        self.log.write_text(json.dumps({"counts": self.counts, "kinds": self.kinds}))

    def _keep(self, error: BaseException, content: bytes) -> None:
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "relnas_mm" in frame.filename]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
        kind = f"{type(error).__name__} at {place}"
        if kind not in self.kinds:
            self.failures.mkdir(parents=True, exist_ok=True)
            kept = self.failures / f"{self.target}-{len(self.kinds)}"
            kept.write_bytes(content)
            self.kinds[kind] = f"{kept.name}: {str(error)[:120]}"

    @staticmethod
    def _late(*_: object) -> None:
        raise Slow


def prepared(target: str, scratch: Path) -> Path:
    """The folder in which the file of a target lies, with the good files beside it."""
    beside = SEEDS / target / "beside"
    if beside.is_dir():
        shutil.copytree(beside, scratch, dirs_exist_ok=True)
    (scratch / TARGETS[target][0]).parent.mkdir(parents=True, exist_ok=True)
    return scratch


def seeds_of(target: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((SEEDS / target).iterdir()) if path.is_file()]


def mutated(seeds: list[bytes], draw: random.Random) -> bytes:
    """A seed with one to eight changes."""
    content = bytearray(draw.choice(seeds))
    for _ in range(1 << draw.randrange(4)):
        start = draw.randrange(len(content) + 1)
        end = min(len(content), start + draw.choice((0, 1, 1, 2, 4, 8, 64)))
        kind = draw.randrange(6)
        if kind == 0 and content:
            content[start % len(content)] ^= 1 << draw.randrange(8)
        elif kind == 1:
            content[start:end] = draw.randbytes(end - start)
        elif kind == 2:
            content[start:end] = draw.choice(WORDS)
        elif kind == 3:
            del content[start:end]
        elif kind == 4:
            other = draw.choice(seeds)
            cut = draw.randrange(len(other) + 1)
            content[start:end] = other[cut : cut + draw.randrange(64)]
        else:
            del content[start + draw.randrange(64) :]
    return bytes(content)


def run_target(args: argparse.Namespace) -> None:
    """The child process: reads inputs of one target until it has enough."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seeds = seeds_of(args.child)
    with tempfile.TemporaryDirectory() as scratch:
        outcomes = Outcomes(args.child, Path(scratch), args.log, args.failures)
        for content in seeds:
            outcomes(content)
        if args.engine == "atheris":
            follow_coverage(args, outcomes)
        for number in range(args.first, args.inputs):
            outcomes(mutated(seeds, random.Random(f"{args.seed}/{args.child}/{number}")))
        outcomes.report()


def follow_coverage(args: argparse.Namespace, outcomes: Outcomes) -> None:
    """libFuzzer's loop, which ends the process."""
    import atheris  # pyright: ignore[reportMissingImports]

    corpus = args.corpus / args.child
    corpus.mkdir(parents=True, exist_ok=True)
    options = [f"-runs={args.inputs - args.first}", f"-seed={args.seed + 1}", f"-max_len={MOST_BYTES}", "-timeout=60"]
    options += ["-rss_limit_mb=0", "-verbosity=0", str(corpus), str(SEEDS / args.child)]
    atheris.Setup([sys.argv[0], *options], outcomes)
    atheris.Fuzz()


def fuzz(target: str, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Runs one target, again after each death, until it has read its share of the inputs."""
    total: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    start, first, deaths = time.monotonic(), 0, 0
    while first < args.inputs and deaths < 20:
        log = folder / f"{target}.json"
        log.unlink(missing_ok=True)
        command = [sys.executable, __file__, "--child", target, "--log", str(log), "--inputs", str(args.inputs)]
        command += ["--first", str(first), "--seed", str(args.seed + deaths), "--engine", args.engine]
        command += ["--failures", str(args.failures), "--corpus", str(args.corpus)]
        # atheris counts in modules found by a path, not in those of an editable installation's import hook
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        found = json.loads(log.read_text()) if log.is_file() else {"counts": {}, "kinds": {}}
        total.update(found["counts"])
        kinds.update(found["kinds"])
        first += max(1, sum(found["counts"].values()))
        if done.returncode:
            deaths += 1
            kinds[f"death with exit code {done.returncode}"] = done.stderr[-300:]
    return {
        "inputs": sum(total.values()),
        **{name: total[name] for name in ("accepted", "refused", "other exceptions", "slow")},
        "deaths": deaths,
        "seconds": time.monotonic() - start,
        "kinds": kinds,
    }


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="inputs in all [%(default)s]")
    parser.add_argument("--engine", choices=("atheris", "mutation"), help="[atheris where it is installed]")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="NAME", help="[all]")
    parser.add_argument("--seed", type=int, default=0, help="[%(default)s]")
    parser.add_argument("--failures", type=Path, default=Path("work_dirs/fuzz/failures"), help="[%(default)s]")
    parser.add_argument("--corpus", type=Path, default=Path("work_dirs/fuzz/corpus"), help="[%(default)s]")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "fuzz_parsers.json")
    for name, kind in (("--child", str), ("--log", Path), ("--first", int)):
        parser.add_argument(name, type=kind, default=0 if kind is int else None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.engine = args.engine or ("atheris" if find_spec("atheris") else "mutation")
    return args


def main() -> int:
    args = parse_args()
    if args.child:
        run_target(args)
        return 0
    command = f"python benchmarks/fuzz_parsers.py --inputs {args.inputs} --engine {args.engine} --seed {args.seed}"
    record = {**provenance(command), "seeds": [args.seed], "engine": args.engine, "targets": {}}
    args.inputs = -(-args.inputs // len(args.targets))
    with tempfile.TemporaryDirectory() as folder:
        for number, target in enumerate(args.targets, 1):
            row = fuzz(target, args, Path(folder))
            record["targets"][target] = row
            print(f"[{number}/{len(args.targets)}] {target:16} {row}", flush=True)
            write_atomically(args.out, json.dumps(record, indent=1) + "\n")
    bad = sum(row["other exceptions"] + row["slow"] + row["deaths"] for row in record["targets"].values())
    print(f"{sum(row['inputs'] for row in record['targets'].values()):,} inputs, {bad} failures")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
