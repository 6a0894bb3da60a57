"""Configs and tools that come with this package, and configs of mm packages, as files."""

from importlib.util import find_spec
from pathlib import Path

from relnas_mm.errors import UserError

PACKAGE = Path(__file__).resolve().parent


def home() -> Path:
    """The folder of `configs/` and `tools/`: the checkout, or `.mim` of an installed wheel."""
    checkout = PACKAGE.parent
    return checkout if (checkout / "setup.py").is_file() else PACKAGE / ".mim"


def mim_folder(package: str) -> Path | None:
    """The folder in which a package keeps configs and tools for mim; `None` if it is not installed."""
    spec = find_spec(package) if package.isidentifier() else None
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0], ".mim") if places else None


def config_path(name: str) -> str:
    """The file of a config.

    Args:
        name: A path, or `package::path` as in `_base_`, such as 'relnas_mm::ssd/ssd300_relativenas_120e_voc07.py'.

    Returns:
        A path; the file may be missing if `name` is one.

    Raises:
        UserError: The package is not installed, or has no such config.
    """
    package, separator, inside = name.partition("::")
    if not separator:
        return name
    folder = home() if package == PACKAGE.name else mim_folder(package)
    if folder is None:
        raise UserError(f"the config {name!r} is of the package {package!r}, which is not installed")
    path = folder / "configs" / inside
    if not inside.endswith(".py") or not path.is_file():
        raise UserError(f"the config {name!r} does not exist: {str(folder / 'configs')!r} has no file {inside!r}")
    return str(path)


def config_name(name: str) -> str:
    """The name of a config without folders and suffix, after which output folders are called."""
    return Path(name.rpartition("::")[2]).stem
