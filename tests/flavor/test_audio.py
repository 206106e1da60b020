"""Sounds as callers hand them over: files, samples, and what is refused before it is decoded."""

import sys
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy
import pytest

from flavor import audio
from flavor.audio import decode_audio, resampled
from flavor.errors import MissingDependency
from flavor.tasks import InvalidInput, Sound
from tests.tiny_audio import RATE, encoded, noise, tone


def test_a_float_wav_keeps_every_sample() -> None:
    sound = decode_audio(encoded(noise()), sampling_rate=RATE)
    assert (sound.samples == noise()).all()
    assert (sound.samples.dtype, sound.sampling_rate) == ("float32", RATE)


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "PCM_U8"),
        ("WAV", "ULAW"),
        ("FLAC", None),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", None),
        ("AIFF", None),
        ("RF64", None),
    ],
)
def test_every_common_format_is_heard(kind: str, subtype: str | None) -> None:
    heard = decode_audio(encoded(tone(), kind=kind, subtype=subtype), sampling_rate=RATE).samples[: RATE // 2]
    assert numpy.abs(heard - tone()[: len(heard)])[:-400].max() < 0.05
    assert len(heard) == len(tone())


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3"])
def test_channels_are_mixed(kind: str) -> None:
    both = numpy.stack([tone(), numpy.zeros_like(tone())], axis=1)
    heard = decode_audio(encoded(both, kind=kind), sampling_rate=RATE).samples
    assert numpy.abs(heard).max() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    "value",
    [
        encoded(tone()),
        bytearray(encoded(tone())),
        b64encode(encoded(tone())).decode(),
        "data:audio/wav;base64," + b64encode(encoded(tone())).decode(),
        tone(),
        tone().astype("float64"),
        tone().tolist(),
        {"array": tone(), "sampling_rate": RATE},
        {"raw": tone().tolist(), "sampling_rate": float(RATE)},
        Sound(tone(), RATE),
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_sound_in_every_form(value: Any) -> None:
    assert (decode_audio(value, sampling_rate=RATE).samples == tone()).all()


def test_a_path_is_read_and_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(encoded(tone()))
    assert len(decode_audio(tmp_path / "tone.wav").samples) == len(tone())
    with pytest.raises(InvalidInput, match=r"missing\.wav: No such file"):
        decode_audio(tmp_path / "missing.wav")


@pytest.mark.parametrize("text", ["https://example.org/a.wav", "/etc/passwd", "tone.wav", "data:,x"])
def test_other_texts_are_never_opened(text: str) -> None:
    with pytest.raises(InvalidInput, match="not base64"):
        decode_audio(text)


@pytest.mark.parametrize(("dtype", "one"), [("int16", 2**15), ("int32", 2**31)])
def test_whole_numbers_are_fractions_of_the_largest(dtype: str, one: int) -> None:
    samples = (tone() * one).astype(dtype)
    assert numpy.abs(decode_audio(samples, sampling_rate=RATE).samples - tone()).max() < 1e-4


@pytest.mark.parametrize("stack", [numpy.stack, lambda pair: numpy.stack(pair).T], ids=["channels first", "channels last"])
def test_channels_of_arrays_are_mixed_whichever_axis_they_are(stack: Any) -> None:
    both = stack([tone(), numpy.zeros_like(tone())])
    assert decode_audio(both, sampling_rate=RATE).samples == pytest.approx(tone() / 2)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_another_sampling_rate_keeps_pitch_and_length(rate: int) -> None:
    heard = decode_audio(encoded(tone(1, 440, rate=rate), rate=rate), sampling_rate=RATE)
    assert len(heard.samples) == RATE
    assert numpy.abs(numpy.fft.rfft(heard.samples)).argmax() == 440
    assert heard.samples.dtype == "float32"


def test_what_is_too_high_for_the_new_rate_is_filtered_out() -> None:
    whistle = resampled(Sound(tone(1, 7_000, rate=48_000), 48_000), 8_000)
    assert numpy.abs(whistle.samples[100:-100]).max() < 0.01


def test_without_a_rate_of_the_model_a_file_keeps_its_own_and_an_array_is_refused() -> None:
    assert decode_audio(encoded(tone(rate=22_050), rate=22_050)).sampling_rate == 22_050
    with pytest.raises(InvalidInput, match="without its sampling rate"):
        decode_audio(tone())


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"GIF89a and so on", "not a sound that can be read here; send one of WAV, FLAC, OGG, MP3"),
        (b"#EXTM3U\nfile:///etc/passwd", "not a sound"),
        (b"", "empty"),
        (b"RIFF0000WEBPVP8 ", "not one of WAV"),
        (b"fLaC" + b"\0" * 60, "damaged"),
        (encoded(tone(0)), "no samples"),
        ([], "no samples"),
        ([0.0, float("nan")], "no numbers"),
        ([0.1, float("inf")], "no numbers"),
        (numpy.zeros((2, 3, 4)), "shape"),
        (numpy.zeros((100, 100)), "shape"),
        (numpy.array([5, 900]), "16 bits"),
        (numpy.array(["a"]), "fractions from -1 to 1"),
        ({"array": [0.0], "sampling_rate": 0}, "sampling rate from 1000 to 384000, got 0"),
        ({"array": [0.0], "sampling_rate": 16_000.5}, "sampling rate"),
        ({"array": [0.0], "sampling_rate": True}, "sampling rate"),
        ({"array": [0.0], "sampling_rate": "fast"}, "sampling rate"),
        (7, "must be the bytes of a file"),
    ],
)
def test_what_is_no_sound_is_refused_by_name(value: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        decode_audio(value, sampling_rate=RATE, field="recording")
    assert caught.value.field == "recording"
    assert str(caught.value).startswith("recording ")


def test_hours_of_silence_are_refused_by_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    silence = encoded(numpy.zeros(3601 * 1000, dtype="int16"), rate=1000, kind="FLAC")
    monkeypatch.setattr(audio, "_blocks", lambda file: pytest.fail("decoded"))
    assert len(silence) < 200_000
    with pytest.raises(InvalidInput, match=r"has 3601\.0 seconds; at most 3600\.0 are read"):
        decode_audio(silence)


def test_a_header_that_knows_no_length_does_not_help_a_long_sound() -> None:
    content = bytearray(encoded(tone(3), kind="FLAC"))
    content[21] &= 0xF0  # the 36 bits of STREAMINFO that count samples, 0 for: not known
    content[22:26] = bytes(4)
    assert len(decode_audio(bytes(content)).samples) == 3 * RATE
    with pytest.raises(InvalidInput, match=r"at most 2\.0 are read"):
        decode_audio(bytes(content), max_seconds=2)


def test_a_file_over_the_limit_of_bytes_is_not_decoded() -> None:
    with pytest.raises(InvalidInput, match="MiB are read"):
        decode_audio(encoded(tone(1)), max_bytes=1000)


def test_hundreds_of_channels_are_refused() -> None:
    with pytest.raises(InvalidInput, match="has 100 channels; at most 64"):
        decode_audio(encoded(numpy.zeros((10, 100), dtype="float32")))


def test_a_file_that_was_cut_off_is_heard_as_far_as_it_goes() -> None:
    content = encoded(tone(1))
    heard = decode_audio(content[: len(content) // 2]).samples
    assert 0.4 * RATE < len(heard) < RATE
    assert (heard == tone(1)[: len(heard)]).all()


@pytest.mark.parametrize(("container", "codec"), [("webm", "libopus"), ("mp4", "aac")])
def test_what_phones_and_browsers_record_is_heard(container: str, codec: str) -> None:
    content = recorded(tone(1, 440, rate=48_000), container, codec)
    heard = decode_audio(content, sampling_rate=RATE)
    assert heard.seconds == pytest.approx(1, abs=0.06)
    assert numpy.abs(numpy.fft.rfft(heard.samples[:RATE], n=RATE)).argmax() == pytest.approx(440, abs=2)
    with pytest.raises(InvalidInput, match=r"has 1\.0 seconds; at most 0\.5 are read"):
        decode_audio(content, max_seconds=0.5)


@pytest.mark.parametrize("start", [b"\x1aE\xdf\xa3", b"\0\0\0\x20ftypM4A "], ids=["webm", "m4a"])
def test_a_damaged_recording_is_said_to_be_so(start: bytes) -> None:
    with pytest.raises(InvalidInput, match="damaged or unknown sound file: Invalid data found"):
        decode_audio(start + bytes(100))


@pytest.mark.parametrize("start", [b"\x1aE\xdf\xa3", b"\0\0\0\x20ftypM4A "], ids=["webm", "m4a"])
def test_other_containers_need_pyav_and_say_so(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDependency, match=r"needs the package av \(PyAV\); install it, or send one of WAV") as caught:
        decode_audio(start + bytes(100))
    assert caught.value.package == "av"


def recorded(samples: Any, container: str, codec: str) -> bytes:
    """A file as browsers (WebM) and phones (MP4) write it."""
    buffer = BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = file.add_stream(codec, rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=48_000, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def test_nothing_of_the_caller_is_changed() -> None:
    samples = noise()
    heard = decode_audio(samples, sampling_rate=RATE).samples
    assert heard is samples  # not even copied
    assert isinstance(encoded(samples), bytes)
    assert BytesIO(encoded(samples)).read() == encoded(noise())
