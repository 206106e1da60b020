"""Films in: which frames are read, from which files, within which limits."""

import base64
import sys
from pathlib import Path

import numpy
import pytest

from flavor import video
from flavor.errors import MissingDependency
from flavor.tasks import InvalidInput
from flavor.video import decode_video, wanted_frames
from tests.tiny_vision import film


def brightness(frames: numpy.ndarray) -> list[int]:
    """The number of each frame of `film(12)`, read from how bright it is."""
    return [round((float(frame.mean()) - 20) / 200 * 12) for frame in frames]


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "mpeg4"), ("mov", "mpeg4"), ("webm", "libvpx"), ("matroska", "mpeg4"), ("avi", "mpeg4")]
)
def test_films_of_every_container_are_read_in_order(container: str, codec: str) -> None:
    frames = decode_video(film(12, container=container, codec=codec), num_frames=4)
    assert (frames.shape, frames.dtype) == ((4, 32, 48, 3), "uint8")
    assert brightness(frames) == [0, 3, 6, 9]


@pytest.mark.parametrize(("num_frames", "every", "numbers"), [(3, 1, [0, 1, 2]), (3, 3, [0, 4, 8]), (5, 6, [0, 7]), (1, 4, [0])])
def test_every_so_manyth_frame_is_read_from_the_beginning_as_transformers_does(
    num_frames: int, every: int, numbers: list[int]
) -> None:
    assert wanted_frames(12, num_frames, every) == numbers
    assert brightness(decode_video(film(12), num_frames=num_frames, every=every)) == numbers


def test_a_film_that_is_too_short_gives_the_frames_it_has() -> None:
    assert wanted_frames(2, 5, None) == [0, 1]
    assert len(decode_video(film(2), num_frames=5)) == 2


def test_bytes_base64_data_uris_paths_and_arrays_are_the_same_film(tmp_path: Path) -> None:
    content = film(12)
    text = base64.b64encode(content).decode()
    (tmp_path / "film.mp4").write_bytes(content)
    whole = decode_video(content, num_frames=12)
    for value in (text, f"data:video/mp4;base64,{text}", tmp_path / "film.mp4", whole, whole / 255):
        assert numpy.array_equal(decode_video(value, num_frames=4), whole[[0, 3, 6, 9]])


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"", "empty"),
        (b"not a film", "not a film that can be read here; send one of MP4"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "not a film that can be read"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not a film that can be read"),
        (b"GIF89a" + bytes(40), "not a film that can be read"),
        (film(4)[:200], "has no pictures in it, or is not whole"),
        (film(4)[:20] + bytes(2000), "damaged or unknown film|not whole"),
        (film(sound=True), "has no pictures in it"),
        ("/etc/passwd", "not base64; paths and addresses are not opened"),
        (numpy.zeros((4, 8, 8)), r"must have the shape \(frames, height, width, 3\)"),
        (numpy.zeros((0, 8, 8, 3)), "must have the shape"),
        (numpy.full((1, 8, 8, 3), 300), "0 to 255"),
    ],
)
def test_what_is_no_film_is_named(value: object, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        decode_video(value, field="clip")
    assert caught.value.field == "clip"


def test_limits_hold_before_a_frame_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_decoded", None)
    content = film(4)
    with pytest.raises(InvalidInput, match=r"at most 0\.0 MiB"):
        decode_video(content, max_bytes=100)
    with pytest.raises(InvalidInput, match="up to frame 31999; at most 30000"):
        decode_video(content, num_frames=32, every=1000)
    monkeypatch.setattr(video, "MAX_KEPT_PIXELS", 48 * 32 * 3)
    with pytest.raises(InvalidInput, match="at most 3 are read; ask for fewer"):
        decode_video(content, num_frames=4)
    monkeypatch.setattr(video, "MAX_FRAME_PIXELS", 1000)
    with pytest.raises(InvalidInput, match="frames of 48 by 32"):
        decode_video(content)


def test_a_file_without_pyav_says_what_to_install_and_an_array_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    content = film(4)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDependency, match=r"needs the package av \(PyAV\)") as caught:
        decode_video(content)
    assert caught.value.package == "av"
    assert len(decode_video(numpy.zeros((4, 8, 8, 3), "uint8"), num_frames=2)) == 2
