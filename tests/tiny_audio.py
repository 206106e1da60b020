"""Tiny seeded pipelines of the audio tasks, made offline in well under a second, and sounds. Builders return new objects."""

from io import BytesIO
from typing import Any

import numpy
import soundfile
from numpy.typing import NDArray
from transformers import (
    ASTConfig,
    ASTFeatureExtractor,
    ASTForAudioClassification,
    AudioClassificationPipeline,
    Pipeline,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForSequenceClassification,
)

from .tiny_models import seeded

RATE = 16_000
_TRANSFORMER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 37}
_CONVOLUTIONS = {"conv_dim": (16, 16), "conv_kernel": (10, 4), "conv_stride": (160, 2)}  # one step in 20 ms


def tone(seconds: float = 0.5, hertz: float = 440, *, rate: int = RATE) -> NDArray[Any]:
    """A sound of one pitch, as samples."""
    times = numpy.arange(round(seconds * rate)) / rate
    return (0.5 * numpy.sin(2 * numpy.pi * hertz * times)).astype("float32")


def noise(seconds: float = 0.5, *, seed: int = 0, rate: int = RATE) -> NDArray[Any]:
    """A hiss, always the same for a seed."""
    return (0.1 * numpy.random.default_rng(seed).standard_normal(round(seconds * rate))).astype("float32")


def encoded(samples: NDArray[Any], *, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    """A sound file; float WAV keeps every sample as it is."""
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype or ("FLOAT" if kind == "WAV" else None))
    return buffer.getvalue()


def labelled(*labels: str) -> dict[str, Any]:
    """The two tables of a configuration that name its classes."""
    return {"id2label": dict(enumerate(labels)), "label2id": {label: number for number, label in enumerate(labels)}}


def speech_config(**changes: Any) -> Wav2Vec2Config:
    """A two-layer wav2vec2."""
    return Wav2Vec2Config(
        **{
            **_TRANSFORMER,
            **_CONVOLUTIONS,
            "num_feat_extract_layers": 2,
            "feat_extract_norm": "layer",
            "num_conv_pos_embeddings": 8,
            "num_conv_pos_embedding_groups": 2,
            "classifier_proj_size": 16,
            "initializer_range": 0.5,
            **changes,
        }
    )


def audio_classification(*, labels: tuple[str, ...] = ("bell", "dog", "rain"), seed: int = 0) -> Pipeline:
    model = seeded(Wav2Vec2ForSequenceClassification, speech_config(**labelled(*labels)), seed=seed)
    extractor = Wav2Vec2FeatureExtractor()
    return AudioClassificationPipeline(model=model, feature_extractor=extractor, task="audio-classification", device="cpu")


def spectrogram_classification(*, frames: int = 64, seed: int = 0) -> Pipeline:
    """A classifier that hears the first `frames` hundredths of a second."""
    config = ASTConfig(
        **_TRANSFORMER,
        max_length=frames,
        num_mel_bins=16,
        frequency_stride=8,
        time_stride=8,
        patch_size=8,
        initializer_range=0.5,
        **labelled("bell", "dog", "rain"),
    )
    model = seeded(ASTForAudioClassification, config, seed=seed)
    extractor = ASTFeatureExtractor(max_length=frames, num_mel_bins=16)
    return AudioClassificationPipeline(model=model, feature_extractor=extractor, task="audio-classification", device="cpu")
