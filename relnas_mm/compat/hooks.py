"""Import hooks: serve a missing module, replace a broken one, or run a callback after an import."""

import importlib.machinery
import importlib.util
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.abc import Loader  # at run time this import would take longer than the rest of the package

ORIGIN = "relnas_mm.compat"

Filler = Callable[[ModuleType], None]
Source = Filler | Path


class _FillingLoader:
    """Loads a module without a file: `fill(module)` sets its names."""

    def __init__(self, fill: Filler):
        self.fill = fill

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        self.fill(module)


class _LastFinder:
    """Finder at the end of `sys.meta_path`, after all installed modules."""

    def __init__(self):
        self.served: dict[str, Source] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in self.served:
            return _spec(fullname, self.served[fullname])
        return None


class _FirstFinder:
    """Finder at the front of `sys.meta_path`, for replacements of broken modules and callbacks after an import."""

    def __init__(self):
        self.replaced: dict[str, tuple[Source, Callable[[], bool]]] = {}
        self.callbacks: dict[str, list[Filler]] = {}
        self._busy: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in self._busy or not (fullname in self.replaced or fullname in self.callbacks):
            return None
        self._busy.add(fullname)
        try:
            if fullname in self.replaced:
                source, works = self.replaced[fullname]
                return None if works() else _spec(fullname, source)
            spec = importlib.util.find_spec(fullname) if target is None else None
        finally:
            self._busy.discard(fullname)
        if spec is not None and spec.loader is not None:
            _call_after_loading(spec.loader, self.callbacks[fullname])
        return spec


def _spec(name: str, source: Source) -> importlib.machinery.ModuleSpec | None:
    if isinstance(source, Path):
        return importlib.util.spec_from_file_location(name, source)
    is_package = any(other.startswith(name + ".") for other in _last.served)
    loader = cast("Loader", _FillingLoader(source))
    return importlib.util.spec_from_loader(name, loader, origin=ORIGIN, is_package=is_package)


def _call_after_loading(loader: "Loader", callbacks: list[Filler]) -> None:
    """Wraps `exec_module` of this loader instance, which keeps its type and the module's source."""
    load = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        for callback in callbacks:
            callback(module)

    loader.exec_module = exec_module


_first, _last = _FirstFinder(), _LastFinder()


def _install() -> None:
    if _first not in sys.meta_path:
        sys.meta_path.insert(0, _first)
    if _last not in sys.meta_path:
        sys.meta_path.append(_last)


def serve(name: str, source: Source) -> None:
    """Serves module `name` from a file, or from a function that fills it, if it is not installed."""
    _install()
    _last.served[name] = source


def serves(name: str) -> bool:
    """Whether a stand-in for module `name` is registered."""
    return _last in sys.meta_path and name in _last.served


def serve_unless(name: str, source: Source, works: Callable[[], bool]) -> None:
    """Serves module `name` from `source`, unless `works()` returns True at its import."""
    _install()
    _first.replaced[name] = source, works


def after_import(name: str, callback: Filler) -> None:
    """Runs `callback(module)` once after module `name` is imported, or immediately if it already is."""
    _install()
    if name in sys.modules:
        callback(sys.modules[name])
    else:
        _first.callbacks.setdefault(name, []).append(callback)


def compiled_part_loads(package: str, part: str) -> bool:
    """Whether `package` is installed, and its compiled module `part` loads, for instance with the installed NumPy."""
    find = importlib.machinery.PathFinder.find_spec
    found = find(package)
    spec = find(f"{package}.{part}", found.submodule_search_locations) if found is not None else None
    if spec is None or spec.loader is None:
        return False
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except Exception as error:  # a wheel for NumPy 1 may raise ValueError, ImportError or AttributeError
        warnings.warn(f"the installed {package} does not load ({error}); {ORIGIN} serves a stand-in", stacklevel=2)
        return False
    sys.modules[spec.name] = module
    return True
