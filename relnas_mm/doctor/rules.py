"""Rules that derive problems from facts."""

from collections.abc import Callable, Iterator

from relnas_mm.compat.versions import BY_MODULE, PYTHON, TESTED, Tested, compare_with_tested, release
from relnas_mm.doctor.facts import Facts, Problem
from relnas_mm.doctor.remedies import HEADLESS, LITE, PAIR, remedy_for

OPENCV = {"opencv-python", "opencv-contrib-python", "opencv-python-headless", "opencv-contrib-python-headless"}
LITTLE_DISK, LITTLE_MEMORY, LITTLE_SHARED = 2.0, 2.0, 0.25  # GiB


def python_version(facts: Facts) -> Iterator[Problem]:
    """Python must be a tested version."""
    if not release(PYTHON[0]) <= release(facts.python)[:2] <= release(PYTHON[1]):
        yield Problem(
            f"Python {facts.python} is not among the versions tried ({PYTHON[0]} to {PYTHON[1]}).",
            f"uv venv --python {PYTHON[1]}",
        )


def packages_import(facts: Facts) -> Iterator[Problem]:
    """Each package must import; packages with equal errors are one problem."""
    alike: dict[tuple[str, str, str], list[Tested]] = {}
    for tested in TESTED:
        error = facts.packages[tested.module].error
        if error is not None and tested.role != "none":
            alike.setdefault((error, *remedy_for(tested.module, error)), []).append(tested)
    for (error, reason, command), broken in alike.items():
        roles = {tested.role for tested in broken}
        need = "the main job" if "main" in roles else "only " + " and ".join(sorted(roles))
        names = ", ".join(tested.module for tested in broken)
        verb = "does" if len(broken) == 1 else "do"
        sentence = f"{names} {verb} not import ({error}): {reason}; {need} needs it."
        yield Problem(sentence, command, fatal="main" in roles)


def versions_tested(facts: Facts) -> Iterator[Problem]:
    """Each package must be a tested version."""
    for tested in TESTED:
        version = facts.packages[tested.module].version
        if version is not None and compare_with_tested(tested.module, version) != "tested":
            age = compare_with_tested(tested.module, version)
            yield Problem(
                f"{tested.module} {version} is {age} than the versions tried ({tested.lowest} to "
                f"{tested.highest}); it may work.",
                f"pip install '{tested.requirement}'",
            )


def torch_pair(facts: Facts) -> Iterator[Problem]:
    """torch must meet torchvision's requirement."""
    torch, wanted = facts.packages["torch"].version, facts.torch_wanted
    if torch is None or wanted is None:
        return
    have, want = release(torch), release(wanted)
    if have < want or (wanted.startswith("==") and have != want):
        vision = facts.packages["torchvision"].version
        yield Problem(f"torchvision {vision} is built for torch{wanted}, not for torch {torch}.", PAIR)


def operators_run(facts: Facts) -> Iterator[Problem]:
    """NMS and RoIAlign must run on this device."""
    if facts.ops_error is None or facts.packages["mmcv"].error is not None:
        return
    device = facts.gpus[0] if facts.gpus else "the CPU"
    yield Problem(
        f"The operators in use ({facts.backend}) do not run on {device} ({facts.ops_error}).", LITE, fatal=True
    )


def numpy_for_mmpose(facts: Facts) -> Iterator[Problem]:
    """mmpose's visualizer fails with NumPy 2.4 or later."""
    numpy, mmpose = facts.packages["numpy"].version, facts.packages["mmpose"].version
    if numpy is not None and mmpose is not None and release(numpy) >= (2, 4):
        yield Problem(
            f"mmpose's visualizer fails on NumPy {numpy}, which refuses one-element arrays as numbers.",
            "pip install 'numpy<2.4'",
        )


def setuptools_for_mmengine(facts: Facts) -> Iterator[Problem]:
    """setuptools 82 dropped pkg_resources, which mmengine imports."""
    version = facts.packages["setuptools"].version
    if version is not None and release(version) >= (82,) and facts.packages["mmengine"].version is not None:
        yield Problem(
            f"setuptools {version} has no pkg_resources, which mmengine imports; relnas_mm serves a stand-in, but "
            "tools that run without relnas_mm fail.",
            "pip install 'setuptools<82'",
        )


def one_opencv(facts: Facts) -> Iterator[Problem]:
    """The OpenCV distributions install into the same folder."""
    found = sorted(OPENCV & facts.distributions)
    if len(found) > 1:
        yield Problem(f"{' and '.join(found)} are installed over each other.", HEADLESS)


def one_mmcv(facts: Facts) -> Iterator[Problem]:
    """mmcv and mmcv-lite install into the same folder."""
    if {"mmcv", "mmcv-lite"} <= facts.distributions:
        yield Problem("mmcv and mmcv-lite are installed over each other.", LITE)


def usable_gpu(facts: Facts) -> Iterator[Problem]:
    """With an NVIDIA driver, torch must find a device."""
    if facts.has_nvidia_driver and not facts.gpus and facts.packages["torch"].version is not None:
        torch = facts.packages["torch"].version
        yield Problem(
            f"The NVIDIA driver is here, but torch {torch} finds no device: it is built for the CPU or for a newer "
            "driver, or CUDA_VISIBLE_DEVICES hides the device.",
            f"pip install --force-reinstall '{BY_MODULE['torch'].requirement}'",
        )


def fixes_apply(facts: Facts) -> Iterator[Problem]:
    """Each fix must find what it changes; a package that needs none, as a fork, may have another inside."""
    for fix, reason in facts.fixes_failed.items():
        yield Problem(
            f"The fix {fix!r} of relnas_mm.compat does not apply here ({reason}) and changed nothing; "
            "only the tested versions need it.",
            "pip install 'mmengine==0.10.7'  # only if something fails",
        )


def startup_is_current(facts: Facts) -> Iterator[Problem]:
    """What `relnas-mm compat install` wrote must be of this version."""
    if facts.compat_at_start == "outdated":
        yield Problem(
            "The file with which programs of this environment start the compatibility layer is of another version.",
            "relnas-mm compat install",
        )


def resources(facts: Facts) -> Iterator[Problem]:
    """The folder must be writable, and disk and memory must suffice."""
    if not facts.writable:
        yield Problem(f"{facts.folder} cannot be written to.", f"chmod u+w '{facts.folder}'", fatal=True)
    if facts.free_disk is not None and facts.free_disk < LITTLE_DISK:
        yield Problem(
            f"{facts.folder} has {facts.free_disk:.1f} GiB free, and checkpoints take some.",
            "python tools/search.py CONFIG --work-dir /path/with/more/space",
        )
    if facts.free_memory is not None and facts.free_memory < LITTLE_MEMORY:
        yield Problem(
            f"{facts.free_memory:.1f} GiB of memory are free, which is little.",
            "python tools/train.py CONFIG --cfg-options train_dataloader.batch_size=2",
        )
    if facts.shared_memory is not None and facts.shared_memory < LITTLE_SHARED:
        yield Problem(
            f"/dev/shm has {facts.shared_memory:.2f} GiB free, which is little for the batches of data loader workers "
            "(start the container with --shm-size=2g).",
            "python tools/train.py CONFIG --cfg-options train_dataloader.num_workers=0 "
            "train_dataloader.persistent_workers=False",
        )


RULES: tuple[Callable[[Facts], Iterator[Problem]], ...] = (
    python_version,
    packages_import,
    operators_run,
    torch_pair,
    one_mmcv,
    one_opencv,
    numpy_for_mmpose,
    setuptools_for_mmengine,
    usable_gpu,
    resources,
    versions_tested,
    fixes_apply,
    startup_is_current,
)


def judge(facts: Facts) -> tuple[Problem, ...]:
    """All problems, fatal ones first."""
    problems = [problem for rule in RULES for problem in rule(facts)]
    return tuple(sorted(problems, key=lambda problem: not problem.fatal))
