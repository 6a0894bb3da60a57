"""The OpenMMLab packages by the names they are imported under: is one there, and what to do if not."""

import importlib
from types import ModuleType

from relnas_mm.errors import UserError

# Import name -> what pip calls the release we test.  Never asked of the package metadata: a compiled mmcv,
# mmcv-lite and the maintained forks are called differently there, but all import as `mmcv`.
PIP_NAMES = {
    "mmengine": "mmengine==0.10.7",
    "mmcv": "mmcv-lite==2.1.0",
    "mmdet": "mmdet==3.3.0",
    "mmseg": "mmsegmentation==1.2.2",
    "mmpose": "mmpose==1.3.2",
}


def import_error(name: str) -> str | None:
    """Why package `name` cannot be imported, in one line, or None if it can."""
    try:
        importlib.import_module(name)
    except Exception as error:  # a broken package may raise anything
        return " ".join(f"{type(error).__name__}: {error}".split())
    return None


def require(name: str, for_what: str) -> ModuleType:
    """Imports an optional package.

    Args:
        name: import name, such as `mmdet`.
        for_what: what needs it, such as `SSD configs`; the sentence for the user starts with it.

    Returns:
        The imported module.

    Raises:
        UserError: the package, or something that it imports, is missing or does not load.
    """
    reason = import_error(name)
    if reason is None:
        return importlib.import_module(name)
    pip_name = PIP_NAMES.get(name.split(".")[0], name.split(".")[0])
    # mmpose pins two packages that no longer build; the set of the lock file does without them.
    flag = "--no-deps " if name.split(".")[0] == "mmpose" else ""
    raise UserError(
        f"{for_what} need {name}, which does not import here ({reason}): "
        f"run `pip install {flag}'{pip_name}'`, or take the whole tested set with `uv sync` in a checkout; "
        "`python -m relnas_mm.doctor` tells more."
    )
