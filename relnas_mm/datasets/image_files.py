"""The one reader of image files: what a file holds by its header, and its pixels as RGB.

Pixels are those that mm's `LoadImageFromFile` reads: turned by the EXIF orientation, 16 bits reduced to 8 by their high
byte, CMYK, palette and grayscale converted to RGB, transparency dropped.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from relnas_mm.errors import UserError

_ORIENTATION = 0x0112
"""EXIF tag of the orientation, 1 to 8; from 5 on width and height are exchanged."""

_LIMIT = "at most {:,} are allowed (Pillow's Image.MAX_IMAGE_PIXELS): cut it into tiles"
_ENDS = {"JPEG": (b"\xff\xda", b"\xff\xd9"), "PNG": (b"IDAT", b"IEND")}
"""By format: mark before the pixels, and mark after them."""

_TAIL = 4096
"""Bytes at the end of a file that usually hold the last mark; what cameras append may be longer."""

SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
"""Modes of Pillow."""


@dataclass(frozen=True)
class ImageHeader:
    """What the header of an image file says.

    Args:
        width: Width of the image as it is read, in pixels.
        height: Height of the image as it is read, in pixels.
        mode: Pillow's mode, such as 'RGB', 'L', 'P', 'CMYK' or 'I;16'.
        orientation: EXIF orientation, 1 to 8; 1 if there is none.
    """

    width: int
    height: int
    mode: str
    orientation: int = 1

    @property
    def size(self) -> str:
        """Width and height for messages, such as '640x480'."""
        turned = f" (turned by EXIF orientation {self.orientation})" if self.orientation > 4 else ""
        return f"{self.width}x{self.height}{turned}"


def read_header(path: str | os.PathLike[str], exif: bool = True) -> ImageHeader:
    """Reads the header of an image file.

    Args:
        path: The file.
        exif: Whether the reader of its pixels applies the EXIF orientation, as it does for images; not for label maps.

    Raises:
        UserError: The file is missing, no image, truncated (JPEG and PNG), or larger than Pillow's
            `Image.MAX_IMAGE_PIXELS`.
    """
    with _opened(path) as image:
        _check_end(path, image.format)
        try:
            orientation = image.getexif().get(_ORIENTATION, 1) if exif else 1
        except Exception as error:  # as in `_opened`
            raise _unreadable(path, error) from None
        if orientation not in range(1, 9):  # readers ignore other values
            orientation = 1
        width, height = image.size if orientation <= 4 else image.size[::-1]
        return ImageHeader(width, height, image.mode, orientation)


def read_rgb(path: str | os.PathLike[str]) -> Image.Image:
    """Reads an image file as 8-bit RGB, upright.

    Raises:
        UserError: The file is missing, no readable image, larger than Pillow's `Image.MAX_IMAGE_PIXELS`, or has pixels
            of 32 bits, whose range is not known.
    """
    with _opened(path) as image:
        try:
            image.load()
            return _as_rgb(ImageOps.exif_transpose(image), path)
        except UserError:
            raise
        except Exception as error:  # as in `_opened`
            raise _unreadable(path, error) from None


def _opened(path: str | os.PathLike[str]) -> Image.Image:
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"the image {str(path)!r} is no regular file")
        if not status.st_size:
            raise UserError(f"the image {str(path)!r} is empty")
        image = Image.open(path)
    except UserError:
        raise
    except FileNotFoundError:
        raise UserError(f"the image {str(path)!r} does not exist") from None
    except Image.DecompressionBombError as error:
        raise UserError(f"the image {str(path)!r} is too large; {_LIMIT.format(Image.MAX_IMAGE_PIXELS)}") from error
    except Exception as error:  # Pillow's parsers raise many types on damaged headers
        raise _unreadable(path, error) from None
    (width, height), limit = image.size, Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > limit:
        image.close()
        raise UserError(f"the image {str(path)!r} has {width}x{height} pixels; {_LIMIT.format(limit)}")
    return image


def _check_end(path: str | os.PathLike[str], kind: str | None) -> None:
    """Refuses a file that ends before its pixels do; some readers fill the rest with gray."""
    if kind not in _ENDS:
        return
    start, end = _ENDS[kind]
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - _TAIL, 0))
        content = file.read()
        if content.rfind(end) <= content.rfind(start):  # a thumbnail in front of the pixels has an end of its own
            file.seek(0)
            content = file.read()
    if content.rfind(end) <= content.rfind(start):
        size = Path(path).stat().st_size
        raise UserError(f"the image {str(path)!r} is truncated: it has {size:,} bytes, and ends within its pixels")


def _as_rgb(image: Image.Image, path: str | os.PathLike[str]) -> Image.Image:
    if image.mode in SIXTEEN_BITS or image.mode == "I":
        values = np.asarray(image)
        if image.mode == "I" and not 0 <= values.min(initial=0) <= values.max(initial=0) < 1 << 16:
            raise _no_range(path, image.mode)
        image = Image.fromarray((values >> 8).astype(np.uint8))
    elif image.mode == "F":
        raise _no_range(path, image.mode)
    return image.convert("RGB")


def _no_range(path: str | os.PathLike[str], mode: str) -> UserError:
    return UserError(
        f"the image {str(path)!r} has pixels of 32 bits (mode {mode!r}), whose range is not known; "
        "convert it to 8 or 16 bits per channel"
    )


def _unreadable(path: str | os.PathLike[str], error: Exception) -> UserError:
    return UserError(f"{str(path)!r} is not a readable image: {error}")
