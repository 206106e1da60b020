"""Images in and out: what they are, how large, before anything is decoded.

Limits and the list of formats hold before a pixel is decoded; a text is base64 or a data URI, never a path or an address.
"""

import base64
import binascii
import re
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .tasks._base import InvalidInput, Row

if TYPE_CHECKING:
    from PIL.Image import Image

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_IMAGE_BYTES = 50 * 2**20
MAX_PIXELS = 40_000_000
_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w.+-]+=[^;,]*)*;base64,", re.ASCII)


def decode_image(value: Any, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_IMAGE_BYTES, field: str = "image") -> "Image":
    """Return an upright RGB image.

    `value` is bytes, base64 text, a data URI, a `pathlib.Path`, an array (height, width[, 1, 3 or 4]) or a PIL image.
    Raises InvalidInput on any other text, on a format that is not listed, and over the limits, before decoding.
    """
    from PIL import Image, ImageOps  # heavy

    if isinstance(value, Image.Image):
        _check_pixels(value.size, max_pixels, field)
        image = value
    elif hasattr(value, "__array_interface__") or hasattr(value, "__array__"):
        image = _from_array(value, max_pixels, field)
    else:
        image = _opened(media_bytes(value, max_bytes=max_bytes, field=field), max_pixels, field)
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):  # PIL clips 16-bit greys to white
        upright = upright.point(lambda grey: grey / 256).convert("L")
    return upright.convert("RGB")


def media_bytes(value: Any, *, max_bytes: int = MAX_IMAGE_BYTES, field: str = "image") -> bytes:
    """Return the bytes of a file given as bytes, base64 text, data URI or `pathlib.Path`.

    Raises InvalidInput when it is none of these, empty, or larger than `max_bytes`.
    """
    if isinstance(value, PathLike):
        found = _read(Path(value), max_bytes, field)
    elif isinstance(value, bytes | bytearray | memoryview):
        found = bytes(value)
    elif isinstance(value, str):
        found = _from_base64(value, max_bytes, field)
    else:
        raise InvalidInput(field, f"{field} must be the bytes of a file, base64 text or an array, got {type(value).__name__}.")
    if not found:
        raise InvalidInput(field, f"{field} is empty: 0 bytes.")
    _check_bytes(len(found), max_bytes, field)
    return found


def mask_image(mask: Any) -> "Image":
    """Return an array (height, width) of true and false as a picture, white on black."""
    import numpy  # heavy
    from PIL import Image

    return Image.fromarray((numpy.asarray(mask) != 0).astype("uint8") * 255)


def encode_image(image: "Image") -> Row:
    """Return a PIL image as `{"media_type": "image/png", "base64": text}`."""
    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return {"media_type": "image/png", "base64": base64.b64encode(buffer.getvalue()).decode("ascii")}


def _opened(content: bytes, max_pixels: int, field: str) -> "Image":
    """Read the header, check it, and only then decode the first frame."""
    from PIL import Image, UnidentifiedImageError  # heavy

    try:
        image = Image.open(BytesIO(content), formats=IMAGE_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInput(field, f"{field}: {error}") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        known = ", ".join(IMAGE_FORMATS)
        raise InvalidInput(field, f"{field} is not an image that can be read here; send one of {known}.") from error
    _check_pixels(image.size, max_pixels, field)
    try:
        image.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise InvalidInput(field, f"{field} is a damaged {image.format} file: {error}.") from error
    return image


def _from_array(value: Any, max_pixels: int, field: str) -> "Image":
    import numpy  # heavy
    from PIL import Image

    array = numpy.asarray(value)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise InvalidInput(field, f"{field} must have the shape (height, width[, 1, 3 or 4]), got {array.shape}.")
    _check_pixels((array.shape[1], array.shape[0]), max_pixels, field)
    return Image.fromarray(pixels_of(array, field))


def pixels_of(array: Any, field: str) -> Any:
    """Return an array of pixels with 8-bit values; numbers with a fraction are taken from 0 to 1."""
    if array.dtype == "uint8":
        return array
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return (array * 255).round().astype("uint8")
    if array.dtype.kind in "iu" and low >= 0 and high <= 255:
        return array.astype("uint8")
    found = f"{array.dtype} {low:g} to {high:g}"
    raise InvalidInput(field, f"{field} must hold whole numbers 0 to 255 or fractions 0 to 1, got {found}.")


def _from_base64(text: str, max_bytes: int, field: str) -> bytes:
    found = _DATA_URI.match(text)
    body = text[found.end() :] if found else text
    if len(body) > (max_bytes * 4) // 3 + 4:
        _check_bytes(len(body) * 3 // 4, max_bytes, field)
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(
            field, f"{field} is a text that is not base64; paths and addresses are not opened: send the file's bytes."
        ) from error


def _read(path: Path, max_bytes: int, field: str) -> bytes:
    try:
        _check_bytes(path.stat().st_size, max_bytes, field)
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(field, f"{field} cannot be read from {path}: {error.strerror}.") from error


def _check_bytes(count: int, limit: int, field: str) -> None:
    if count > limit:
        raise InvalidInput(field, f"{field} has {count / 2**20:.1f} MiB; at most {limit / 2**20:.1f} MiB are read.")


def _check_pixels(size: tuple[int, int], limit: int, field: str) -> None:
    width, height = size
    if width * height > limit:
        raise InvalidInput(
            field, f"{field} has {width} by {height} = {width * height / 1e6:.1f} megapixels; at most {limit / 1e6:.1f} are read."
        )
