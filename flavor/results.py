"""What one input row is answered with, and how answers become JSON."""

import base64
import math
import wave
from dataclasses import asdict, dataclass, field
from io import BytesIO
from typing import Any

from .tasks._base import Row, Sound, Warned

MAX_ARRAY_BYTES = 256 * 2**10  # a larger array travels as a file


@dataclass(frozen=True)
class RowResult:
    """The answer to one row: its records, or an error of the form `{"code", "detail", "field"}`."""

    records: list[Row] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    usage: dict[str, int | float] = field(default_factory=dict)
    parameters: dict[str, Row] = field(default_factory=dict)  # name to {"value", "source"}
    error: Row | None = None
    timing_ms: dict[str, float | None] = field(default_factory=dict)

    def to_json(self) -> Row:
        """Return the answer as it travels: media and large arrays as `{"media_type", "base64"}`."""
        return {
            "records": json_safe(self.records, max_array_bytes=MAX_ARRAY_BYTES),
            "warnings": [asdict(each) for each in self.warnings],
            "usage": dict(self.usage),
            "parameters": json_safe(self.parameters),
            "error": self.error,
            "timing_ms": dict(self.timing_ms),
        }


def json_safe(value: Any, *, max_array_bytes: int | None = None) -> Any:
    """Return `value` with plain numbers, lists and texts; numbers that JSON has not (NaN) as None.

    An image becomes `{"media_type": "image/png", "base64"}`, a Sound the same as `audio/wav`, an array a list, or a file of
    NumPy's format, `application/x-npy` with `shape` and `dtype` beside it, when it has more than `max_array_bytes`.
    """
    if isinstance(value, dict):
        return {str(name): json_safe(each, max_array_bytes=max_array_bytes) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(each, max_array_bytes=max_array_bytes) for each in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _foreign(value, max_array_bytes)


def _foreign(value: Any, max_array_bytes: int | None) -> Any:
    if max_array_bytes is not None and getattr(value, "nbytes", 0) > max_array_bytes:
        return _array_file(value)
    if hasattr(value, "tolist"):  # arrays, tensors and their scalars
        return json_safe(value.tolist())
    if hasattr(value, "getbands"):  # a PIL image
        from .media import encode_image

        return encode_image(value)
    if isinstance(value, Sound):
        return _wave_file(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"a result holds {type(value).__name__}, which has no JSON form")


def _array_file(value: Any) -> Row:
    import numpy  # heavy

    array = numpy.asarray(value)
    buffer = BytesIO()
    numpy.save(buffer, array, allow_pickle=False)
    return {**_file("application/x-npy", buffer), "shape": list(array.shape), "dtype": str(array.dtype)}


def _wave_file(sound: Sound) -> Row:
    """16-bit PCM, which every player plays; samples beyond -1 and 1 are clipped."""
    import numpy  # heavy

    samples = numpy.nan_to_num(numpy.asarray(sound.samples, dtype="float32").reshape(-1)).clip(-1, 1)
    buffer = BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.sampling_rate)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())
    return _file("audio/wav", buffer)


def _file(media_type: str, buffer: BytesIO) -> Row:
    return {"media_type": media_type, "base64": base64.b64encode(buffer.getvalue()).decode("ascii")}
