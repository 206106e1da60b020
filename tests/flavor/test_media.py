import base64
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy
import pytest
from PIL import Image

from flavor.media import decode_image, encode_image, media_bytes
from flavor.tasks import InvalidInput


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def claimed(width: int, height: int) -> bytes:
    """A PNG that says it is large and holds nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


RED = Image.new("RGB", (8, 4), "red")


def test_every_way_to_hand_over_an_image_gives_the_same_pixels(tmp_path: Path) -> None:
    content = encoded(RED)
    path = tmp_path / "red.png"
    path.write_bytes(content)
    text = base64.b64encode(content).decode()
    array = numpy.asarray(RED)
    ways = [
        content,
        bytearray(content),
        text,
        f"data:image/png;base64,{text}",
        path,
        array,
        array / 255.0,
        array.astype("int64"),
        RED,
    ]
    assert {decode_image(value).tobytes() for value in ways} == {RED.tobytes()}


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_listed_formats_are_read(format: str) -> None:
    image = decode_image(encoded(RED, format))
    assert (image.mode, image.size) == ("RGB", (8, 4))


@pytest.mark.parametrize("format", ["PPM", "ICO", "EPS"])
def test_other_formats_are_refused(format: str) -> None:
    with pytest.raises(InvalidInput, match="PNG, JPEG, WEBP, GIF, BMP, TIFF"):
        decode_image(encoded(RED, format))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    format = "TIFF" if mode == "CMYK" else "PNG"
    assert decode_image(encoded(Image.new(mode, (3, 2)), format)).mode == "RGB"


def test_sixteen_bits_of_grey_are_scaled_not_clipped() -> None:
    grey = Image.fromarray(numpy.full((2, 2), 32768, dtype="uint16"))
    assert decode_image(encoded(grey)).getpixel((0, 0)) == (128, 128, 128)


def test_a_picture_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_image(encoded(RED, "JPEG", exif=exif)).size == (4, 8)


@pytest.mark.parametrize("size", [(10_000, 5_000), (100_000, 100_000)])
def test_a_huge_picture_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput, match=r"megapixels|pixels") as caught:
        decode_image(claimed(*size), field="photo")
    assert caught.value.field == "photo"


def test_the_limit_of_pixels_counts_for_arrays_and_pictures_too() -> None:
    for value in (RED, numpy.asarray(RED), encoded(RED)):
        with pytest.raises(InvalidInput, match="megapixels"):
            decode_image(value, max_pixels=31)
    assert decode_image(RED, max_pixels=32).size == (8, 4)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(bytes(2000))
    for value in (path, bytes(2000), base64.b64encode(bytes(2000)).decode()):
        with pytest.raises(InvalidInput, match="MiB"):
            media_bytes(value, max_bytes=1000)


@pytest.mark.parametrize("value", ["https://example.org/a.png", "/etc/passwd", "file:///etc/passwd", "data:image/png,plain", "é"])
def test_a_text_that_is_no_base64_is_never_opened(value: str) -> None:
    with pytest.raises(InvalidInput, match="not opened"):
        decode_image(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"", "empty"),
        (b"hello", "not an image"),
        (encoded(RED)[:40], "damaged|not an image"),
        (numpy.zeros((2, 2, 7)), "shape"),
        (numpy.zeros((0, 2)), "shape"),
        (numpy.full((2, 2), 300), "0 to 255"),
        (numpy.full((2, 2), -1.0), "0 to 1"),
        (42, "must be"),
        (None, "must be"),
        (Path("/nowhere/at/all.png"), "cannot be read"),
    ],
)
def test_what_is_no_image_is_refused_with_a_reason(value: object, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        decode_image(value)


def test_an_encoded_image_is_png_in_base64() -> None:
    row = encode_image(RED)
    assert row["media_type"] == "image/png"
    assert decode_image(row["base64"]).tobytes() == RED.tobytes()
