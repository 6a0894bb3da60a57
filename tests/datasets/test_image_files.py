"""One reader of images: what mm's reader makes of them, for every depth, colour mode and orientation."""

import io

import numpy as np
import pytest
from PIL import Image

from relnas_mm.datasets.arrays import load_images
from relnas_mm.datasets.headers import SizeClaim, check_sizes, read_headers
from relnas_mm.datasets.image_files import read_header, read_rgb
from relnas_mm.errors import UserError

UNIT, MM = pytest.mark.unit, pytest.mark.mm
RNG = np.random.default_rng(0)
COLOURS = np.kron(RNG.integers(0, 256, (5, 6, 3)), np.ones((8, 8, 1))).astype(np.uint8)
RGB = Image.fromarray(COLOURS)
SIXTEEN = RNG.integers(0, 1 << 16, (20, 30)).astype(np.uint16)
FILES = {
    "grey16.png": Image.fromarray(SIXTEEN),
    "grey16.pgm": Image.fromarray(SIXTEEN),
    "rgb.png": RGB,
    "rgb.bmp": RGB,
    "rgb.webp": RGB,
    "rgba.png": Image.fromarray(np.dstack([COLOURS, COLOURS[..., 0]])),
    "grey.jpg": RGB.convert("L"),
    "grey_alpha.png": RGB.convert("LA"),
    "bilevel.png": RGB.convert("1"),
    "palette.png": RGB.quantize(16),
    "cmyk.jpg": RGB.convert("CMYK"),
}
TOLERANCE = {"cmyk.jpg": 1}  # two libraries round the conversion of inks differently


def saved(folder, name, orientation=None):
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    options = dict(lossless=True) if name.endswith("webp") else {}
    FILES[name].save(folder / name, **options, **({"exif": exif} if orientation else {}))
    return folder / name


def as_mm_reads(path):
    import mmcv

    return mmcv.imfrombytes(path.read_bytes(), channel_order="rgb").astype(int)


@MM
@pytest.mark.parametrize("name", FILES)
def test_pixels_are_those_of_mms_reader(name, tmp_path):
    path = saved(tmp_path, name)
    found, expected = np.asarray(read_rgb(path)).astype(int), as_mm_reads(path)
    assert found.shape == expected.shape and np.abs(found - expected).max() <= TOLERANCE.get(name, 0)
    header = read_header(path)
    assert (header.height, header.width) == expected.shape[:2]


@MM
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_mms_reader_turns_it(orientation, tmp_path):
    path = saved(tmp_path, "rgb.png", orientation)
    expected, header = as_mm_reads(path), read_header(path)
    assert np.array_equal(np.asarray(read_rgb(path)), expected)
    assert (header.height, header.width, header.orientation) == (*expected.shape[:2], orientation)
    assert (header.width, header.height) == ((40, 48) if orientation > 4 else (48, 40))
    assert (read_header(path, exif=False).width, read_header(path, exif=False).height) == (48, 40)


@UNIT
def test_a_folder_of_16_bits_is_not_white(tmp_path):
    """Values from 20 x 256 to 200 x 256, as microscopes write them, become 20 to 200."""
    for split in ("train", "test"):
        for number, name in enumerate(("bar", "disc")):
            (tmp_path / split / name).mkdir(parents=True)
            values = np.linspace(20, 200, 64).round().reshape(8, 8).astype(np.uint16) * 256 + number
            Image.fromarray(values).save(tmp_path / split / name / "0.png")
    images = load_images("folder", tmp_path, size=8).images
    assert (images.min(), images.max()) == (20, 200) and len(images.unique()) == 64


@UNIT
@pytest.mark.parametrize("values", [np.float32([[0.5]]), np.int32([[70000]])])
def test_pixels_without_a_range_are_refused(values, tmp_path):
    Image.fromarray(values).save(tmp_path / "depth.tiff")
    with pytest.raises(UserError, match=r"depth.tiff' has pixels of 32 bits \(mode '[FI]'\), whose range is not known"):
        read_rgb(tmp_path / "depth.tiff")


@UNIT
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # what Pillow says itself
def test_a_huge_image_is_named_with_the_limit(tmp_path, monkeypatch):
    path = saved(tmp_path, "rgb.png")
    for limit in (1000, 500):  # Pillow itself only warns up to twice its limit
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        for read in (read_header, read_rgb):
            with pytest.raises(UserError, match=f"rgb.png' .*at most {limit:,} are allowed"):
                read(path)


@UNIT
def test_what_is_no_image(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    cut_off = tmp_path / "cut.png"
    cut_off.write_bytes(saved(tmp_path, "rgb.bmp").read_bytes()[:900])
    sentences = {"text.png": "not a readable image", "empty.png": "is empty", "gone.png": "does not exist"}
    for name, sentence in sentences.items():
        with pytest.raises(UserError, match=f"{name}' {sentence}|'.*{name}' is {sentence.removeprefix('is ')}"):
            read_header(tmp_path / name)
    with pytest.raises(UserError, match="is no regular file"):
        read_header(tmp_path)
    with pytest.raises(UserError, match=r"cut.png' is not a readable image"):
        read_rgb(cut_off)


@UNIT
def test_sizes_of_annotations(tmp_path):
    upright, turned = (saved(tmp_path, *rest) for rest in (("rgb.png",), ("rgb.webp", 6)))
    check_sizes(
        [SizeClaim(str(upright), 48, 40, "a"), SizeClaim(str(turned), 40, 48, "b"), SizeClaim("s3://x", 1, 1, "")]
    )
    with pytest.raises(UserError, match=r"^the file 'c' says 48x40 pixels, but .*rgb.webp' is read as 40x48 "):
        check_sizes([SizeClaim(str(turned), 48, 40, "the file 'c'")])
    with pytest.raises(UserError, match=r"gone.png' does not exist \(the file 'c' names it\)"):
        check_sizes([SizeClaim(str(tmp_path / "gone.png"), 48, 40, "the file 'c'")])


@UNIT
def test_many_headers_at_once(tmp_path):
    paths = [str(saved(tmp_path, "rgb.png")), str(tmp_path / "gone.png")]
    headers = read_headers([*paths * 3, "https://host/a.png"])
    assert list(headers) == paths
    assert headers[paths[0]].width == 48 and isinstance(headers[paths[1]], UserError)


@UNIT
@pytest.mark.parametrize("name", ["rgb.jpg", "rgb.png"])
def test_a_truncated_file_is_refused_by_its_header(name, tmp_path):
    """Also one with a thumbnail, which has an end of its own; not one with something appended."""
    plain, thumbnail = io.BytesIO(), io.BytesIO()
    noise = Image.fromarray(RNG.integers(0, 256, (64, 96, 3)).astype(np.uint8))
    noise.resize((16, 16)).save(thumbnail, "JPEG")
    exif = Image.Exif()
    exif[0x927C] = thumbnail.getvalue()
    noise.save(plain, {"jpg": "JPEG", "png": "PNG"}[name[-3:]], exif=exif)
    path, content = tmp_path / name, plain.getvalue()
    for whole in (content, content + b"\0" * 9000):
        path.write_bytes(whole)
        assert (read_header(path).width, read_header(path).height) == (96, 64)
    for length in (len(content) - 12, len(content) // 2):
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=rf"is truncated: it has {length:,} bytes"):
            read_header(path)
