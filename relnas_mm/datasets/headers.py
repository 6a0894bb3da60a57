"""Headers of many image files, read in parallel and compared with what annotations say."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from relnas_mm.datasets.image_files import ImageHeader, read_header
from relnas_mm.errors import UserError
from relnas_mm.progress import with_progress

THREADS = 16
"""More than cores: most of the time of a header is spent waiting for the file system."""


class SizeClaim(NamedTuple):
    """What an annotation says about the size of an image.

    Args:
        image: Path of the image.
        width: Width, in pixels.
        height: Height, in pixels.
        source: What says so, for error messages, such as "the annotation file 'a.xml'".
    """

    image: str
    width: float
    height: float
    source: str


def read_headers(paths: Iterable[str], exif: bool = True, what: str = "images") -> dict[str, ImageHeader | UserError]:
    """Reads the headers of local image files; a progress bar appears after a second.

    Args:
        paths: The files; URLs are left out.
        exif: As for `read_header`.
        what: Noun of the progress bar.

    Returns:
        Header of each path, or the error of an unreadable file.
    """
    local = [path for path in dict.fromkeys(paths) if "://" not in path]

    def header(path: str) -> ImageHeader | UserError:
        try:
            return read_header(path, exif)
        except UserError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(local, with_progress(pool.map(header, local), len(local), f"headers of {what}")))


def check_sizes(claims: Iterable[SizeClaim]) -> None:
    """Compares sizes in annotations with those of the image files as they are read.

    Args:
        claims: One for each image; those of URLs are left out.

    Raises:
        UserError: An image is missing or unreadable, or has another size, for instance because its EXIF orientation
            turns it and the annotation does not.
    """
    claims = list(claims)
    headers = read_headers(claim.image for claim in claims)
    for claim in claims:
        if problem := size_problem(claim, headers):
            raise UserError(problem)


def check_readable(paths: Iterable[str], source: str) -> None:
    """Checks that image files have readable headers.

    Args:
        paths: The files.
        source: What names them, for error messages.

    Raises:
        UserError: One is missing or unreadable.
    """
    for header in read_headers(paths).values():
        if isinstance(header, UserError):
            raise UserError(f"{header} ({source} names it)")


def size_problem(claim: SizeClaim, headers: Mapping[str, ImageHeader | UserError]) -> str | None:
    """The sentence that is wrong with a claim, or `None`.

    Args:
        claim: What an annotation says.
        headers: Headers by path (`read_headers`).
    """
    header = headers.get(claim.image)
    if isinstance(header, UserError):
        return f"{header} ({claim.source} names it)"
    if header is None or (header.width, header.height) == (claim.width, claim.height):
        return None
    return (
        f"{claim.source} says {claim.width:g}x{claim.height:g} pixels, but the image {claim.image!r} is read as "
        f"{header.size}; they must be equal"
    )
