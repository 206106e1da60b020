"""Shared by the tasks that hear sounds: the longest and the shortest that a model hears, and which share a forward pass."""

from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any

from ._base import Field, Kind, Row, Sound, Warned

AUDIO = "audio"
MAX_SECONDS_TOGETHER = 120  # of one forward pass; a longer sound has one for itself

# Of the spectrograms that feature extractors compute.
_FRAME_S = 0.025
_STEP_S = 0.01
_FRAMES = 4  # fewer have no spread by which they could be normalized


def audio_field(help: str) -> Field:
    """The sound that a task hears."""
    return Field(AUDIO, Kind.AUDIO, f"{help} WAV, FLAC, OGG or MP3, of any sampling rate.")


def window_of(extractor: Any) -> int | None:
    """Return the samples to which a feature extractor brings every sound, None when it keeps their length."""
    for name in ("n_samples", "nb_max_samples"):  # Whisper's, CLAP's
        if isinstance(samples := getattr(extractor, name, None), int):
            return samples
    frames = getattr(extractor, "max_length", None)  # the Audio Spectrogram Transformer's
    return _samples_of(frames, extractor) if isinstance(frames, int) else None


def cut(sound: Sound, samples: int | None) -> tuple[Sound, list[Warned]]:
    """Return the beginning of a sound, with a warning when it was longer than the model hears."""
    if samples is None or len(sound.samples) <= samples:
        return sound, []
    heard = replace(sound, samples=sound.samples[:samples])
    return heard, [Warned("input_truncated", f"the first {heard.seconds:.1f} of {sound.seconds:.1f} seconds used")]


def long_enough(sound: Sound, pipeline: Any) -> Sound:
    """Return a sound with silence behind it when it is shorter than what the model looks at at once, which would be an error."""
    least = _shortest(pipeline.model.config, pipeline.feature_extractor)
    if len(sound.samples) >= least:
        return sound
    samples = sound.samples.copy()
    samples.resize(least, refcheck=False)
    return replace(sound, samples=samples)


def call_alike(
    call: Callable[..., list[Any]],
    inputs: list[Any],
    arguments: Row,
    *,
    samples_of: Callable[[Any], Any],
    window: int | None,
    sampling_rate: int,
) -> list[Any]:
    """Call a pipeline once for each length of sound, and return the results in order.

    Silence behind a shorter neighbour would change what many models hear; what is brought to a `window` has one length.
    """
    groups: dict[int, list[int]] = {}
    for place, each in enumerate(inputs):
        groups.setdefault(max(len(samples_of(each)), window or 0), []).append(place)
    found: list[Any] = [None] * len(inputs)
    for length, places in groups.items():
        together = max(1, MAX_SECONDS_TOGETHER * sampling_rate // length)
        answers = call([inputs[place] for place in places], **{**arguments, "batch_size": min(len(places), together)})
        for place, answer in zip(places, answers, strict=True):
            found[place] = answer
    return found


def _shortest(config: Any, extractor: Any) -> int:
    """Samples that a wav2vec2 and its kin need for what they look at at once, and others for a few frames of a spectrogram."""
    kernels, strides = getattr(config, "conv_kernel", None), getattr(config, "conv_stride", None)
    if kernels and strides:
        samples = getattr(config, "squeeze_factor", 1)
        for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
            samples = (samples - 1) * stride + kernel
        return samples
    if not hasattr(extractor, "num_mel_bins"):
        return 1
    return _samples_of(1 if window_of(extractor) else _FRAMES, extractor)


def _samples_of(frames: int, extractor: Any) -> int:
    return ceil((_FRAME_S + (frames - 1) * _STEP_S) * extractor.sampling_rate)
