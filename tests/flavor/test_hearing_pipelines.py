"""Pipelines that hear, called in somebody's own program: files and other rates need neither ffmpeg nor torchaudio."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
import transformers

from flavor.tasks import InvalidInput
from tests import tiny_audio
from tests.tiny_audio import RATE, encoded, noise, tone

torch.set_num_threads(1)
LABELS: dict = {"candidate_labels": ["soup", "london"]}
PIPELINES = pytest.mark.parametrize(
    ("build", "params"),
    [(tiny_audio.audio_classification, {}), (tiny_audio.ctc, {}), (tiny_audio.zero_shot_audio_classification, LABELS)],
    ids=["audio-classification", "automatic-speech-recognition", "zero-shot-audio-classification"],
)


@PIPELINES
def test_a_path_and_bytes_are_heard_as_their_samples(build: Any, params: dict, tmp_path: Path) -> None:
    path = tmp_path / "noise.flac"
    path.write_bytes(encoded(noise(), kind="FLAC"))
    pipeline, samples = build(), tiny_audio.decoded(path.read_bytes())
    answers = [pipeline(value, **params) for value in (str(path), path, path.read_bytes())]
    assert all(answer == pipeline(samples, **params) for answer in answers)


@PIPELINES
def test_transformers_needs_ffmpeg_for_the_same(build: Any, params: dict) -> None:
    ours = build()
    native = getattr(transformers, type(ours).__name__)
    parts = {"model": ours.model, "feature_extractor": ours.feature_extractor, "tokenizer": ours.tokenizer}
    with pytest.raises(ValueError, match="ffmpeg"):
        native(**parts, device="cpu")(encoded(noise()), **params)


@pytest.mark.parametrize("build", [tiny_audio.audio_classification, tiny_audio.ctc])
def test_samples_at_another_rate_are_resampled_and_left_as_they_were(build: Any) -> None:
    given = {"raw": tone(0.5, 440, rate=48_000), "sampling_rate": 48_000}
    kept = dict(given)
    resampled = tiny_audio.decoded(encoded(given["raw"], rate=48_000))
    pipeline = build()
    assert pipeline(dict(given)) == pipeline(resampled)
    assert given.keys() == kept.keys()
    assert numpy.array_equal(given["raw"], kept["raw"])


def test_what_to_leave_out_at_the_ends_is_resampled_too() -> None:
    pipeline = tiny_audio.ctc()
    fast = {"raw": noise(1, rate=2 * RATE), "sampling_rate": 2 * RATE, "stride": (8000, 6400)}
    slow = {"raw": tiny_audio.decoded(encoded(fast["raw"], rate=2 * RATE)), "sampling_rate": RATE, "stride": (4000, 3200)}
    assert pipeline(fast) == pipeline(slow)


@PIPELINES
def test_a_file_that_is_no_sound_is_refused_in_words(build: Any, params: dict) -> None:
    with pytest.raises(InvalidInput, match="not a sound that can be read here"):
        build()(b"not a sound", **params)
