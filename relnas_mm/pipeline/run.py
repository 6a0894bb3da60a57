"""Runs a pipeline, each step as a command-line tool in its own process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.errors import UserError
from relnas_mm.files import write_json
from relnas_mm.outputs import output_folder
from relnas_mm.pipeline.plan import Job, PipelinePlan
from relnas_mm.pipeline.progress import Progress
from relnas_mm.pipeline.report import METRICS, figures, write_report
from relnas_mm.provenance import provenance


def run_pipeline(plan: PipelinePlan, tools: Path) -> Path:
    """Runs the remaining steps, and writes the report.

    After an interruption another call skips finished steps, and resumes search and training.

    Args:
        plan: The pipeline.
        tools: Folder that contains `search.py`, `train.py` and `test.py`.

    Returns:
        The path of `report.html`.

    Raises:
        UserError: The work_dir holds other files or cannot be written, or a step fails.
    """
    progress = Progress.load(plan.work_dir, plan.fingerprint)
    output_folder(plan.work_dir, "the work_dir")
    steps: dict[str, Callable[[bool], None]] = {
        "data": lambda _: _make_data(plan),
        "search": lambda resume: _search(plan, tools, resume),
        "train": lambda resume: _train(plan, tools, resume),
        "test": lambda _: _test(plan, tools),
    }
    for number, (name, step) in enumerate(steps.items(), 1):
        if name in progress.seconds:
            print(f"[{number}/{len(steps)}] {name}: done before, {progress.seconds[name]:.0f} s", flush=True)
            continue
        resume = name in progress.started
        print(f"[{number}/{len(steps)}] {name}{' (continued)' if resume else ''}", flush=True)
        begun = progress.begin(name)
        step(resume)
        progress.finish(name, begun)
    report = write_report(plan, progress.seconds)
    print(f"done: {report}", flush=True)
    return report


def write_record(plan: PipelinePlan, command: str, path: Path) -> None:
    """Writes the results of a finished pipeline with their provenance.

    Args:
        plan: The pipeline.
        command: Command that reproduces the results.
        path: The JSON file.

    Raises:
        UserError: The file cannot be written.
    """
    progress = Progress.load(plan.work_dir, plan.fingerprint)
    record = {**provenance(command), "seeds": [0], "seconds": progress.seconds, **figures(plan)}
    write_json(path, record, f"the record {str(path)!r}")


def genotype_path(plan: PipelinePlan) -> Path:
    """Path of the search's result."""
    return plan.work_dir / "search" / "genotype.json"


def _make_data(plan: PipelinePlan) -> None:
    for arguments in plan.data:
        generate_shapes(**arguments)


def _search(plan: PipelinePlan, tools: Path, resume: bool) -> None:
    _call(tools / "search.py", plan.search, plan.work_dir / "search", ["--resume"] if resume else [])


def _train(plan: PipelinePlan, tools: Path, resume: bool) -> None:
    _call(tools / "train.py", _with_cell(plan), plan.work_dir / "train", ["--resume"] if resume else [])


def _test(plan: PipelinePlan, tools: Path) -> None:
    folder = plan.work_dir / "test"
    best = sorted((plan.work_dir / "train").glob("best_*.pth"))
    if not best:
        raise UserError(f"training left no best_*.pth in {str(plan.work_dir / 'train')!r}; set checkpoint.save_best")
    arguments = ["--out", str(plan.work_dir / METRICS), "--show-dir", str(folder / "pictures")]
    _call(tools / "test.py", _with_cell(plan), folder, arguments, str(best[-1]))


def _with_cell(plan: PipelinePlan) -> Job:
    """The training job with the found cell in its backbone."""
    cell: dict[str, Any] = {"model.backbone.genotype": str(genotype_path(plan).resolve())}
    return Job(plan.train.config, {**plan.train.options, **cell})


def _call(tool: Path, job: Job, work_dir: Path, arguments: list[str], *positional: str) -> None:
    command = [sys.executable, str(tool), str(job.config), *positional, "--work-dir", str(work_dir), *arguments]
    if job.options:
        command += ["--cfg-options", *job.arguments]
    # Half the cores for the small operations of cells, the rest for data loaders, which spinning threads would occupy.
    # The user's environment takes precedence.
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    environment = {"OMP_NUM_THREADS": str(threads), "GOMP_SPINCOUNT": "1000", **os.environ}
    code = subprocess.run(command, check=False, env=environment).returncode
    if code:
        raise UserError(f"{tool.name} ended with exit code {code}; see {str(work_dir)!r}, and run again to continue")
