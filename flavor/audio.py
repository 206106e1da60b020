"""Sounds in: WAV, FLAC, OGG and MP3 by soundfile, what phones and browsers record by PyAV where that is installed.

They come out mono, at the model's sampling rate. Formats and limits are checked by the first bytes and the header, before
anything is decoded; a text is base64 or a data URI, never a path or an address.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from math import gcd
from typing import TYPE_CHECKING, Any

from .errors import MissingDependency
from .media import media_bytes
from .tasks._base import InvalidInput, Sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

AUDIO_FORMATS = ("WAV", "FLAC", "OGG", "MP3")
MAX_AUDIO_BYTES = 200 * 2**20
MAX_SECONDS = 3600.0
MAX_SAMPLES = 3600 * 48_000  # of one channel: a file may say that a second has very many
MAX_CHANNELS = 64
SAMPLING_RATES = (1_000, 384_000)

_BLOCK_SAMPLES = 2**20  # of all channels together
_UNKNOWN_FRAMES = 2**62  # what libsndfile says, or more, where a FLAC was written into a pipe
_MP3_FRAME = (0xFF, 0xE0)  # the first eleven bits of an MP3 without tags
_STARTS = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"ID3", b"FORM")
_MATROSKA = b"\x1aE\xdf\xa3"  # WebM too


def decode_audio(
    value: Any,
    *,
    sampling_rate: int | None = None,
    max_seconds: float = MAX_SECONDS,
    max_bytes: int = MAX_AUDIO_BYTES,
    field: str = "audio",
) -> Sound:
    """Return a sound, mono, at `sampling_rate`; at its own rate when that is None.

    `value` is bytes, base64 text, a data URI, a `pathlib.Path`, a Sound, `{"array" or "raw", "sampling_rate"}`, or an array of
    samples that is taken to be at `sampling_rate` already. Arrays are (samples,), (channels, samples) or (samples, channels).
    Raises InvalidInput on any other text, an unknown format, over the limits, before decoding; MissingDependency without PyAV.
    """
    if isinstance(value, Sound):
        sound = Sound(_from_array(value.samples, field), _checked_rate(value.sampling_rate, field))
    elif isinstance(value, Mapping):
        samples = value.get("array") if value.get("array") is not None else value.get("raw")
        sound = Sound(_from_array(samples, field), _checked_rate(value.get("sampling_rate"), field))
    elif _is_array(value):
        sound = Sound(_from_array(value, field), _rate_of_array(sampling_rate, field))
    else:
        sound = _from_file(media_bytes(value, max_bytes=max_bytes, field=field), max_seconds, field)
    _check_length(len(sound.samples), sound.sampling_rate, max_seconds, field)
    _check_samples(sound.samples, field)
    return resampled(sound, sampling_rate or sound.sampling_rate)


def resampled(sound: Sound, sampling_rate: int) -> Sound:
    """Return a sound with another number of samples per second."""
    if sound.sampling_rate == sampling_rate:
        return sound
    from scipy.signal import resample_poly  # heavy

    shared = gcd(sound.sampling_rate, sampling_rate)
    samples = resample_poly(sound.samples, sampling_rate // shared, sound.sampling_rate // shared)
    return Sound(samples.astype("float32", copy=False), sampling_rate)


def _from_file(content: bytes, max_seconds: float, field: str) -> Sound:
    if content.startswith(_STARTS) or _is_mp3(content):
        return _by_soundfile(content, max_seconds, field)
    if content.startswith(_MATROSKA):
        return _by_pyav(content, "matroska", max_seconds, field)
    if content[4:8] == b"ftyp":
        return _by_pyav(content, "mp4", max_seconds, field)
    raise InvalidInput(field, f"{field} is not a sound that can be read here; send one of {', '.join(AUDIO_FORMATS)}.")


def _by_soundfile(content: bytes, max_seconds: float, field: str) -> Sound:
    import soundfile  # heavy

    try:
        with soundfile.SoundFile(BytesIO(content)) as file:
            rate = _checked_rate(file.samplerate, field)
            _check_channels(file.channels, field)
            if file.frames < _UNKNOWN_FRAMES:
                _check_length(file.frames, rate, max_seconds, field)
            else:
                file.seekable = lambda: False  # as soundfile would otherwise seek after each piece, which then fails
            return Sound(_joined(_blocks(file), rate, max_seconds, field), rate)
    except soundfile.LibsndfileError as error:
        raise InvalidInput(
            field, f"{field} is a damaged sound file, or not one of {', '.join(AUDIO_FORMATS)}: {error.error_string}"
        ) from error


def _blocks(file: Any) -> Iterator["NDArray[Any]"]:
    """The channels of a file mixed, piece by piece, so that many of them never stand in memory together."""
    frames = max(1, _BLOCK_SAMPLES // file.channels)
    while len(block := file.read(frames, dtype="float32", always_2d=True)):
        yield block.mean(axis=1)


def _by_pyav(content: bytes, container_format: str, max_seconds: float, field: str) -> Sound:
    """The demuxer is named: left to guess, FFmpeg would also take playlists, which lead to other files and addresses."""
    try:
        import av  # heavy
    except ImportError as error:
        known = ", ".join(AUDIO_FORMATS)
        message = f"{field} is an MP4 or WebM file, which needs the package av (PyAV); install it, or send one of {known}."
        raise MissingDependency(message, package="av") from error
    try:
        with av.open(BytesIO(content), mode="r", format=container_format) as container:
            if not container.streams.audio:
                raise InvalidInput(field, f"{field} has no sound in it; send a file that has.")
            stream = container.streams.audio[0]
            rate = _checked_rate(stream.rate, field)
            _check_channels(stream.channels, field)
            _check_length(int((container.duration or 0) / av.time_base * rate), rate, max_seconds, field)
            return Sound(_joined(_frames(av, container, stream), rate, max_seconds, field), rate)
    except av.error.FFmpegError as error:
        raise InvalidInput(field, f"{field} is a damaged or unknown sound file: {error.strerror}.") from error


def _frames(av: Any, container: Any, stream: Any) -> Iterator["NDArray[Any]"]:
    resampler = av.AudioResampler(format="fltp", rate=stream.rate)
    for frame in container.decode(stream):
        for each in resampler.resample(frame):
            yield each.to_ndarray().mean(axis=0)


def _joined(blocks: Iterator["NDArray[Any]"], rate: int, max_seconds: float, field: str) -> "NDArray[Any]":
    """The pieces as one array; counted as they come, since a header may say nothing, or lie."""
    import numpy  # heavy

    found, count = [], 0
    for block in blocks:
        count += len(block)
        _check_length(count, rate, max_seconds, field)
        found.append(block)
    return numpy.concatenate(found) if found else numpy.zeros(0, dtype="float32")


def _from_array(value: Any, field: str) -> "NDArray[Any]":
    import numpy  # heavy

    array = numpy.asarray(value)
    if array.ndim == 2 and min(array.shape) <= MAX_CHANNELS:
        array = _as_fractions(array, field).mean(axis=0 if array.shape[0] <= array.shape[1] else 1)
    if array.ndim != 1:
        raise InvalidInput(field, f"{field} must have the shape (samples,) or (channels, samples), got {array.shape}.")
    return _as_fractions(array, field)


def _as_fractions(array: Any, field: str) -> "NDArray[Any]":
    """Samples from -1 to 1: whole numbers of 8, 16 and 32 bits are divided by the largest that such a one can be."""
    import numpy  # heavy

    if array.dtype.kind == "f":
        return array.astype("float32", copy=False)
    if array.dtype == "uint8":
        return (array.astype("float32") - 128) / 128
    if array.dtype in ("int16", "int32"):
        return (array / -float(numpy.iinfo(array.dtype).min)).astype("float32")
    if array.dtype.kind in "iu" and (not array.size or abs(array).max() <= 1):  # as JSON writes silence
        return array.astype("float32")
    raise InvalidInput(field, f"{field} must hold fractions from -1 to 1, or whole numbers of 16 bits, got {array.dtype}.")


def _rate_of_array(sampling_rate: int | None, field: str) -> int:
    if sampling_rate is None:
        raise InvalidInput(
            field, f'{field} is an array without its sampling rate; give {{"array": samples, "sampling_rate": number}}.'
        )
    return sampling_rate


def _checked_rate(rate: Any, field: str) -> int:
    low, high = SAMPLING_RATES
    whole = int(rate) if isinstance(rate, int | float) and not isinstance(rate, bool) and float(rate).is_integer() else None
    if whole is None or not low <= whole <= high:
        raise InvalidInput(field, f"{field} must have a sampling rate from {low} to {high}, got {rate!r}.")
    return whole


def _check_channels(count: int, field: str) -> None:
    if count > MAX_CHANNELS:
        raise InvalidInput(field, f"{field} has {count} channels; at most {MAX_CHANNELS} are read.")


def _check_length(count: int, rate: int, max_seconds: float, field: str) -> None:
    limit = min(max_seconds, MAX_SAMPLES / rate)
    if count > limit * rate:
        raise InvalidInput(field, f"{field} has {count / rate:.1f} seconds; at most {limit:.1f} are read. Send it in pieces.")


def _check_samples(samples: "NDArray[Any]", field: str) -> None:
    import numpy  # heavy

    if not len(samples):
        raise InvalidInput(field, f"{field} has no samples in it: it is 0 seconds long.")
    if not numpy.isfinite(samples).all():
        raise InvalidInput(field, f"{field} holds samples that are no numbers (NaN or infinite).")


def _is_mp3(content: bytes) -> bool:
    return len(content) > 1 and (content[0], content[1] & 0xE0) == _MP3_FRAME


def _is_array(value: Any) -> bool:
    """Samples as an array, a tensor or a list of numbers."""
    is_memory = isinstance(value, bytes | bytearray | memoryview)
    return isinstance(value, list | tuple) or (
        not is_memory and (hasattr(value, "__array_interface__") or hasattr(value, "__array__"))
    )
