"""Programs of mm packages by name."""

import sys
from importlib import metadata
from pathlib import Path

from relnas_mm.errors import UserError
from relnas_mm.packaged import mim_folder

FOLDERS = ("tools", "demo")
"""Folders of `.mim` in the wheels of mm packages."""


def program_command(words: list[str]) -> list[str]:
    """The command that runs a program.

    Args:
        words: A script and its arguments; `-m`, a module and its arguments; an mm package, the name of one of its
            programs ('test', 'analysis_tools/get_flops') and its arguments; or an installed command ('mim') and its
            arguments.

    Raises:
        UserError: There is no such program, or several have this name.
    """
    first, *rest = words
    if first == "-m" or first.endswith(".py"):
        if first != "-m" and not Path(first).is_file():
            raise UserError(f"the script {first!r} does not exist")
        return [sys.executable, *words]
    if folder := _folder_of_programs(first):
        if not rest:
            raise UserError(
                f"relnas-mm run {first} needs the name of a program; {first} has {_listed(_programs(folder))}"
            )
        return [sys.executable, str(_program(folder, first, rest[0])), *rest[1:]]
    scripts = metadata.entry_points(group="console_scripts", name=first)
    if scripts:
        module, _, function = next(iter(scripts)).value.partition(":")
        code = f"import sys; from {module} import {function.split('.')[0]}; sys.exit({function}())"
        return [sys.executable, "-c", f"import sys; sys.argv[0] = {first!r}; {code}", *rest]
    raise UserError(
        f"relnas-mm run {first}: {first!r} is no script (a file that ends with .py), no installed mm package and no "
        "installed command"
    )


def _folder_of_programs(package: str) -> Path | None:
    folder = mim_folder(package)
    return folder if folder is not None and any((folder / name).is_dir() for name in FOLDERS) else None


def _programs(folder: Path) -> dict[str, Path]:
    """Programs by their path without suffix, below `tools` or `demo`."""
    paths = [(path, folder / name) for name in FOLDERS for path in sorted((folder / name).rglob("*.py"))]
    return {str(path.relative_to(base).with_suffix("")): path for path, base in reversed(paths)}


def _program(folder: Path, package: str, name: str) -> Path:
    programs = _programs(folder)
    name = name.removesuffix(".py").removeprefix("tools/").removeprefix("demo/")
    if name in programs:
        return programs[name]
    found = [path for path in programs if Path(path).name == name]
    least = min((path.count("/") for path in found), default=0)
    found = [path for path in found if path.count("/") == least]  # not those for tracking in folders below
    if len(found) == 1:
        return programs[found[0]]
    if found:
        raise UserError(f"{package} has several programs {name!r}; name one of {', '.join(sorted(found))}")
    raise UserError(f"{package} has no program {name!r}; it has {_listed(programs)}")


def _listed(programs: dict[str, Path]) -> str:
    return ", ".join(sorted(programs))
