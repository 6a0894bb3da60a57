"""The compatibility layer from the start of every program: for an environment, or for one program and its children."""

import os
import sysconfig
from importlib import metadata
from pathlib import Path

from relnas_mm.errors import UserError

SOURCE = Path(__file__).with_name("startup.py")
SITE = Path(__file__).with_name("site")
MODULE = "_relnas_mm_startup"
HOOK = "relnas_mm_compat.pth"


def site_packages() -> Path:
    """The folder of packages of this environment."""
    return Path(sysconfig.get_path("purelib"))


def status(folder: Path) -> str:
    """'on', 'off', or 'outdated' if another version of this package was installed there.

    Args:
        folder: Folder of packages of an environment.
    """
    hook, module = folder / HOOK, folder / f"{MODULE}.py"
    if not hook.is_file():
        return "off"
    current = module.is_file() and module.read_bytes() == SOURCE.read_bytes()
    return "on" if current else "outdated"


def install(folder: Path) -> Path:
    """Makes every program of an environment start with the layer.

    Args:
        folder: Folder of packages of the environment.

    Returns:
        The `.pth` file, which Python reads when it starts.

    Raises:
        UserError: The folder cannot be written, or this package is not installed in the environment.
    """
    try:
        metadata.distribution("relnas_mm")
    except metadata.PackageNotFoundError:
        raise UserError(
            f"relnas_mm is not installed in this environment (it is read from {str(SOURCE.parents[1])!r}), so programs "
            "could not import it; install it by pip first"
        ) from None
    try:
        (folder / f"{MODULE}.py").write_bytes(SOURCE.read_bytes())
        (folder / HOOK).write_text(f"import {MODULE}\n")
    except OSError as error:
        raise _not_writable(folder, error) from None
    return folder / HOOK


def remove(folder: Path) -> bool:
    """Undoes `install`; returns whether there was anything to undo.

    Raises:
        UserError: The folder cannot be written.
    """
    found = False
    for name in (HOOK, f"{MODULE}.py"):
        try:
            (folder / name).unlink()
            found = True
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _not_writable(folder, error) from None
    return found


def environment_of_programs() -> dict[str, str]:
    """The environment variables with which a program and its children start with the layer."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    ours = [str(SITE), str(SOURCE.parents[2])]  # the second where this package is not installed
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*ours, *(path for path in others if path and path not in ours)]),
    }


def _not_writable(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"the folder of packages {str(folder)!r} cannot be written ({error.strerror}); use an environment of your own, "
        "or start single programs by relnas-mm run"
    )
