"""The names of pkg_resources that mmengine 0.10 and mmpose use, based on importlib.metadata.

It is served from this file under its own name, as mmengine reloads it.
"""

from importlib import metadata as _metadata
from typing import Any


class ResolutionError(Exception):
    """Base class, for `except` clauses."""


class DistributionNotFound(ResolutionError):
    """No installed distribution has this name."""


class Distribution:
    """An installed distribution: location, project_name, key, version and its metadata files."""

    def __init__(self, dist: _metadata.Distribution):
        self._dist = dist
        self.project_name, self.version = dist.metadata["Name"], dist.version
        self.key = self.project_name.lower()
        self.location = str(dist.locate_file(""))

    def has_metadata(self, name: str) -> bool:
        """Whether the distribution has the metadata file `name`."""
        return self._dist.read_text(name) is not None

    def get_metadata(self, name: str) -> str:
        """The text of the metadata file `name`; empty without one."""
        return self._dist.read_text(name) or ""


def get_distribution(name: str) -> Distribution:
    """The installed distribution called `name`.

    Raises:
        DistributionNotFound: It is not installed.
    """
    try:
        return Distribution(_metadata.distribution(name))
    except _metadata.PackageNotFoundError as error:
        raise DistributionNotFound(f"The '{name}' distribution was not found") from error


def parse_version(text: str) -> Any:
    """The version as a comparable object."""
    from packaging.version import parse

    return parse(text)
