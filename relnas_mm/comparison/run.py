"""Runs the searches of a comparison in parallel, and records each when it finishes."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

from relnas_mm.comparison.plan import Plan, Unit
from relnas_mm.comparison.trace import RUN, run_search
from relnas_mm.errors import UserError
from relnas_mm.files import read_json, write_atomically
from relnas_mm.interruption import leave_requests_to_parent
from relnas_mm.operating_system import worker_context
from relnas_mm.processes import end_with_parent
from relnas_mm.progress import with_progress
from relnas_mm.search.identity import differences
from relnas_mm.search.records import Records

PLAN_FILE, RECORDS_FILE = "comparison.json", "records.jsonl"
_SHOWN = 5


def run_comparison(plan: Plan, folder: Path, workers: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Runs the remaining searches, and returns the records of all.

    Args:
        plan: The comparison.
        folder: Existing folder with its records.
        workers: Number of processes.
        say: Receives progress messages.

    Raises:
        UserError: The folder belongs to another comparison, or a search cannot be run.
    """
    records = claimed_records(plan, folder)
    known = {unit_of(line) for line in records.of_type(RUN)}
    units = [unit for unit in plan.units if unit not in known]
    if known and units:
        say(f"{len(known)} searches are there already, {len(units)} are left")
    for record in with_progress(_results(plan, units, workers), len(units), "searches"):
        records.append(record)
    planned = set(plan.units)
    return sorted((line for line in records.of_type(RUN) if unit_of(line) in planned), key=unit_of)


def claimed_records(plan: Plan, folder: Path) -> Records:
    """Opens the records of a comparison, without a truncated last line.

    Raises:
        UserError: The folder belongs to another comparison, or its records are damaged.
    """
    path, identity = folder / PLAN_FILE, plan.identity()
    if path.exists():
        if differing := list(differences(read_json(path, repr(str(path)), nan=True), identity)):
            shown = "; ".join(differing[:_SHOWN]) + ("; …" if len(differing) > _SHOWN else "")
            raise UserError(f"{str(folder)!r} holds another comparison: {shown}; choose another --work-dir")
    elif (folder / RECORDS_FILE).exists():
        raise UserError(f"{str(folder)!r} holds {RECORDS_FILE} but no {PLAN_FILE}; choose another --work-dir")
    else:
        write_atomically(path, json.dumps(identity, indent=1) + "\n")
    records = Records(folder / RECORDS_FILE)
    content = records.path.read_bytes() if records.path.exists() else b""
    records.cut(content.rfind(b"\n") + 1)
    for number, record in enumerate(records.of_type(RUN), 1):
        unit = [record.get(key) for key in ("seed", "task", "strategy")]
        if [type(part) for part in unit] != [int, str, str]:
            raise UserError(
                f"search {number} in {str(records.path)!r} is {unit}; its seed, task and strategy are needed"
            )
    return records


def unit_of(record: dict[str, Any]) -> Unit:
    """The search that a record describes."""
    return Unit(record["seed"], record["task"], record["strategy"])


def _results(plan: Plan, units: Sequence[Unit], workers: int) -> Iterator[dict[str, Any]]:
    if workers == 1 or len(units) < 2:
        yield from (run_search(plan, unit) for unit in units)
        return
    waiting = iter(units)
    with ProcessPoolExecutor(workers, worker_context(), _prepare) as pool:
        # A few at a time: an executor with thousands of futures takes up to a minute to stop.
        running = {pool.submit(run_search, plan, unit) for unit in itertools.islice(waiting, 4 * workers)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(run_search, plan, unit) for unit in itertools.islice(waiting, len(done))}
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepare() -> None:
    """Ends with the main process, which alone answers to the signals of a terminal."""
    leave_requests_to_parent()
    end_with_parent()
