"""Two small pictures in PNG files."""

from io import BytesIO

import numpy
from PIL import Image


def noise(seed: int) -> bytes:
    pixels = numpy.random.default_rng(seed).integers(0, 255, (20, 20, 3), dtype="uint8")
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


PICTURES = [noise(0), noise(1)]
