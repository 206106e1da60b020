"""Films in: the frames that a model reads, decoded by PyAV, as an array (frames, height, width, 3) of bytes.

Formats and limits are checked by the first bytes and the header, before a frame is decoded; a text is base64 or a data URI,
never a path or an address.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from .errors import MissingDependency
from .media import media_bytes, pixels_of
from .tasks._base import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

VIDEO_FORMATS = ("MP4", "MOV", "WebM", "MKV", "AVI")
MAX_VIDEO_BYTES = 500 * 2**20
MAX_FRAME_PIXELS = 9_000_000  # 4096 by 2160
MAX_KEPT_PIXELS = 150_000_000  # of all frames that are read: 450 MB
MAX_DECODED_FRAMES = 30_000  # 20 minutes at 25 frames a second

_MATROSKA = b"\x1aE\xdf\xa3"  # WebM too


def decode_video(
    value: Any,
    *,
    num_frames: int = 16,
    every: int | None = None,
    max_bytes: int = MAX_VIDEO_BYTES,
    field: str = "video",
) -> "NDArray[Any]":
    """Return the frames that are read: every `every`-th from the beginning, or `num_frames` spread over the whole film.

    A film that is too short gives fewer. `value` is bytes, base64 text, a data URI, a `pathlib.Path`, or an array of frames.
    Raises InvalidInput on any other text, an unknown format, over the limits; MissingDependency without PyAV.
    """
    if hasattr(value, "__array_interface__") or hasattr(value, "__array__"):
        return _from_array(value, num_frames, every, field)
    content = media_bytes(value, max_bytes=max_bytes, field=field)
    return _by_pyav(content, _demuxer_of(content, field), num_frames, every, field)


def wanted_frames(total: int, num_frames: int, every: int | None) -> list[int]:
    """Return the numbers of the frames that are read of `total`, those that transformers reads, in order."""
    import numpy  # heavy

    if every is not None:
        numbers = numpy.linspace(0, num_frames * every - 1, num=num_frames, dtype="int64")
    else:
        numbers = numpy.arange(num_frames) * total // num_frames
    return sorted({int(number) for number in numbers if number < total})


def _demuxer_of(content: bytes, field: str) -> str:
    """FFmpeg's demuxer; left to guess, it would also take playlists, which lead to other files and addresses."""
    if content.startswith(_MATROSKA):
        return "matroska"
    if content[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mp4"
    if content.startswith(b"RIFF") and content[8:12] == b"AVI ":
        return "avi"
    raise InvalidInput(field, f"{field} is not a film that can be read here; send one of {', '.join(VIDEO_FORMATS)}.")


def _by_pyav(content: bytes, demuxer: str, num_frames: int, every: int | None, field: str) -> "NDArray[Any]":
    try:
        import av  # heavy
    except ImportError as error:
        message = f"{field} is a file, which needs the package av (PyAV) to be read; install it, or send an array of frames."
        raise MissingDependency(message, package="av") from error
    import numpy  # heavy

    try:
        with av.open(BytesIO(content), format=demuxer) as container:
            if not container.streams.video:
                raise InvalidInput(field, f"{field} has no pictures in it, or is not whole; send a film that has.")
            stream = container.streams.video[0]
            _check_pixels(stream.width, stream.height, num_frames, field)
            total = _count(container, stream) if every is None else num_frames * every
            numbers = wanted_frames(total, num_frames, every)
            _check_length(max(numbers, default=0), field)
            frames = list(_decoded(container, stream, set(numbers)))
    except av.error.FFmpegError as error:
        raise InvalidInput(field, f"{field} is a damaged or unknown film: {error.strerror or error}.") from error
    if not frames:
        raise InvalidInput(field, f"{field} has no picture that can be read; send a film that has.")
    return numpy.stack(frames)


def _count(container: Any, stream: Any) -> int:
    """Frames of the film: as its header says, else counted without decoding any (WebM does not say)."""
    if stream.frames:
        return int(stream.frames)
    total = sum(1 for packet in container.demux(stream) if packet.size)
    container.seek(0)
    return total


def _decoded(container: Any, stream: Any, wanted: set[int]) -> Iterator["NDArray[Any]"]:
    last = max(wanted, default=-1)
    for number, frame in enumerate(container.decode(stream)):
        if number in wanted:
            yield frame.to_ndarray(format="rgb24", width=stream.width, height=stream.height)
        if number >= last:
            return


def _from_array(value: Any, num_frames: int, every: int | None, field: str) -> "NDArray[Any]":
    import numpy  # heavy

    frames = numpy.asarray(value)
    if frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape:
        raise InvalidInput(field, f"{field} must have the shape (frames, height, width, 3), got {frames.shape}.")
    _check_pixels(frames.shape[2], frames.shape[1], min(num_frames, len(frames)), field)
    return pixels_of(frames[wanted_frames(len(frames), num_frames, every)], field)


def _check_pixels(width: int, height: int, num_frames: int, field: str) -> None:
    if width * height > MAX_FRAME_PIXELS:
        found, limit = width * height / 1e6, MAX_FRAME_PIXELS / 1e6
        raise InvalidInput(
            field, f"{field} has frames of {width} by {height} = {found:.1f} megapixels; at most {limit:.1f} are read."
        )
    most = MAX_KEPT_PIXELS // (width * height or 1)
    if num_frames > most:
        raise InvalidInput(field, f"{field} has frames of {width} by {height}, of which at most {most} are read; ask for fewer.")


def _check_length(last: int, field: str) -> None:
    if last >= MAX_DECODED_FRAMES:
        raise InvalidInput(
            field, f"{field} would have to be decoded up to frame {last}; at most {MAX_DECODED_FRAMES} are: send a shorter film."
        )
