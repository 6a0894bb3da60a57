"""Optional packages: import errors and install commands."""

import importlib
from types import ModuleType

from relnas_mm.compat.versions import BY_MODULE
from relnas_mm.errors import UserError

OTHER_PIP_NAMES = {"yaml": "pyyaml", "PIL": "pillow"}


def import_error(name: str) -> str | None:
    """The error of importing package `name`, in one line, or `None`."""
    try:
        importlib.import_module(name)
    except Exception as error:  # a broken package may raise anything
        return " ".join(f"{type(error).__name__}: {error}".split())
    return None


def install_command(module: str) -> str:
    """Command that installs the package of `module`, in the version of the lock file."""
    top = module.split(".")[0]
    if top == "mmpose":  # its pins chumpy and xtcocotools do not build any more
        return "pip install munkres json_tricks && pip install --no-deps mmpose==1.3.2"
    requirement = BY_MODULE[top].requirement if top in BY_MODULE else OTHER_PIP_NAMES.get(top, top)
    return f"pip install '{requirement}'"


def require(name: str, for_what: str) -> ModuleType:
    """Imports an optional package.

    Args:
        name: Import name, such as `mmdet`.
        for_what: What needs it, such as `SSD configs`, for the error message.

    Returns:
        The imported module.

    Raises:
        UserError: The package, or one of its dependencies, is missing or does not load.
    """
    reason = import_error(name)
    if reason is not None:
        raise UserError(
            f"{for_what} need {name}, which does not import here ({reason}): run `{install_command(name)}`, or take "
            "the whole tested set with `uv sync` in a checkout; `relnas-mm doctor` tells more."
        )
    return importlib.import_module(name)
