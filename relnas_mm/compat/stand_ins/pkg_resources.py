"""The few names of pkg_resources that mmengine 0.10 uses, on importlib.metadata."""

from importlib import metadata as _metadata


class DistributionNotFound(Exception):
    """No installed distribution has this name."""


class ResolutionError(Exception):
    """Kept for `except` clauses."""


class Distribution:
    """An installed distribution: location, project_name, version and its metadata files."""

    def __init__(self, dist):
        self._dist = dist
        self.project_name, self.version = dist.metadata["Name"], dist.version
        self.key = self.project_name.lower()
        self.location = str(dist.locate_file(""))

    def has_metadata(self, name):
        return self._dist.read_text(name) is not None

    def get_metadata(self, name):
        return self._dist.read_text(name) or ""


def get_distribution(name):
    """The installed distribution called `name`."""
    try:
        return Distribution(_metadata.distribution(name))
    except _metadata.PackageNotFoundError as error:
        raise DistributionNotFound(f"The '{name}' distribution was not found") from error


def parse_version(text):
    from packaging.version import parse

    return parse(text)
