"""The report as plain text."""

from relnas_mm.compat.versions import PYTHON, TESTED, compare_with_tested
from relnas_mm.doctor.facts import Facts, Package, Report
from relnas_mm.version import __version__

NAMES = {"cv2": "opencv (cv2)", "mmseg": "mmsegmentation (mmseg)"}


def as_text(report: Report) -> str:
    """Formats found and tested versions, the machine, problems and verdict."""
    lines = [f"relnas_mm {__version__}: doctor", ""]
    rows = [("package", "found", "tried", "state"), *_versions(report.facts)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines += ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += ["", *(f"{name:10s}{value}" for name, value in _machine(report.facts)), ""]
    if not report.problems:
        lines.append("No conflict found.")
    for number, problem in enumerate(report.problems, 1):
        kind = "error" if problem.fatal else "warning"
        lines += [f"{number}. {kind}: {problem.sentence}", f"   $ {problem.command}"]
    verdict = "can run" if report.ok else "cannot run until the errors above are solved"
    lines += ["", f"The main job (a search, then training SSD with the cell) {verdict}."]
    return "\n".join(lines)


def _versions(facts: Facts) -> list[tuple[str, str, str, str]]:
    rows = [("Python", facts.python, f"{PYTHON[0]} to {PYTHON[1]}", "imports")]
    for tested in TESTED:
        package = facts.packages[tested.module]
        span = tested.lowest if tested.lowest == tested.highest else f"{tested.lowest} to {tested.highest}"
        name = NAMES.get(tested.module, tested.module)
        rows.append((name, package.version or "-", span, _state(tested.module, package)))
    return rows


def _state(module: str, package: Package) -> str:
    if package.error is not None:
        return package.error
    if package.stand_in:
        return "stand-in of relnas_mm.compat"
    if package.version is None:
        return "imports"
    age = compare_with_tested(module, package.version)
    return "imports" if age == "tested" else f"imports; {age} than tried"


def _machine(facts: Facts) -> list[tuple[str, str]]:
    device = ", ".join(facts.gpus) if facts.gpus else "CPU"
    plural = "" if facts.cores == 1 else "s"
    return [
        ("operators", facts.backend + ("" if facts.ops_error else "; NMS and RoIAlign run")),
        ("compat", "on" if facts.compat_on else "off (RELNAS_MM_COMPAT=0)"),
        ("  at start", f"{facts.compat_at_start} (relnas-mm compat)"),
        ("device", f"{device}; {facts.cores} core{plural}"),
        ("memory", _size(facts.free_memory)),
        ("disk", f"{_size(facts.free_disk)} in {facts.folder}"),
    ]


def _size(gib: float | None) -> str:
    return "unknown" if gib is None else f"{gib:.1f} GiB free"
