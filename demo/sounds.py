"""Sounds: a small transformer over spectrograms, trained on sounds that are computed."""

import base64
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

from .cards import CardText, Figure, write_card
from .recipe import Example, Figures, Recipe, Schedule
from .synthesis import KINDS, RATE, SECONDS, Samples, make

TASK = "audio-classification"
LABELS = tuple(KINDS)
BANDS = 64  # of the spectrogram
FRAMES = int(SECONDS * 100)
SHOWN = ("doorbell", "birdsong", "siren", "water drops")


def prepare(*, of_each: int = 100, held_out_of_each: int = 25) -> Recipe:
    """Compute the sounds and return the untrained model with all that its training needs."""
    extractor = ASTFeatureExtractor(num_mel_bins=BANDS, max_length=FRAMES)
    model = ASTForAudioClassification(
        ASTConfig(
            hidden_size=96,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=192,
            patch_size=16,
            frequency_stride=16,
            time_stride=16,
            max_length=FRAMES,
            num_mel_bins=BANDS,
            id2label=dict(enumerate(LABELS)),
            label2id={label: number for number, label in enumerate(LABELS)},
        )
    )
    held_out = encode(extractor, *compose(np.random.default_rng(2), of_each=held_out_of_each))
    noisy = encode(extractor, *compose(np.random.default_rng(3), of_each=held_out_of_each, noise=1.0))

    def measure() -> Figures:
        return {"held_out_accuracy": accuracy(model, held_out), "noisy_accuracy": accuracy(model, noisy)}

    return Recipe(
        task=TASK,
        model=model,
        processor=extractor,
        examples=encode(extractor, *compose(np.random.default_rng(1), of_each=of_each, noise=0.8)),
        held_out=held_out,
        collate=collate,
        schedule=Schedule(epochs=10, batch_size=32, learning_rate=2e-3, weight_decay=0.05, label_smoothing=0.05),
        measure=measure,
        card=lambda figures: write_card(replace(CARD, widget=samples()), figures),
        input_example=data_uri(sample("doorbell")),
        sorts_by_length=False,
    )


def compose(dice: np.random.Generator, *, of_each: int, noise: float = 0.0) -> tuple[list[Samples], NDArray[np.int64]]:
    """Return `of_each` sounds of every kind and which each is: every third is cut short.

    With `noise`, every other one has up to that much of it.
    """
    labels = np.tile(np.arange(len(LABELS)), of_each)
    shares = dice.uniform(0, noise, size=len(labels)) * (dice.random(len(labels)) < 0.5)
    lengths = np.where(dice.random(len(labels)) < 1 / 3, dice.uniform(0.5, 1, size=len(labels)), 1.0) * SECONDS * RATE
    cases = zip(labels, shares, lengths.astype(int), strict=True)
    return [make(LABELS[label], dice, noise=share)[:length] for label, share, length in cases], labels


def encode(extractor: Any, sounds: list[Samples], labels: NDArray[np.int64]) -> list[Example]:
    """Return spectrograms as the feature extractor makes them at prediction time, and labels."""
    values = extractor(sounds, sampling_rate=RATE, return_tensors="pt")["input_values"]
    return [{"input_values": each, "labels": int(label)} for each, label in zip(values, labels, strict=True)]


def collate(examples: list[Example]) -> dict[str, Any]:
    """Stack examples into one batch."""
    return {
        "input_values": torch.stack([example["input_values"] for example in examples]),
        "labels": torch.tensor([example["labels"] for example in examples]),
    }


def accuracy(model: Any, examples: list[Example]) -> float:
    """Return the share of sounds whose best label is the right one."""
    model.eval()
    batch = collate(examples)
    with torch.no_grad():
        guesses = model(input_values=batch["input_values"]).logits.argmax(-1)
    return float((guesses == batch["labels"]).float().mean())


def sample(kind: str) -> bytes:
    """Return a sound that was not trained on as an OGG file, small enough for a card."""
    buffer = BytesIO()
    sound = make(kind, np.random.default_rng(7))
    soundfile.write(buffer, sound, RATE, format="OGG", subtype="OPUS", compression_level=1.0)
    return buffer.getvalue()


def samples() -> tuple[dict[str, Any], ...]:
    """Return what the playground offers."""
    return tuple({"src": data_uri(sample(kind)), "example_title": kind} for kind in SHOWN)


def data_uri(ogg: bytes) -> str:
    """Return an OGG file as a data URI, the form in which sounds travel in JSON."""
    return "data:audio/ogg;base64," + base64.b64encode(ogg).decode()


CARD = CardText(
    name="sounds",
    title="Sounds",
    task=TASK,
    task_title="Audio classification",
    summary=(
        "Tells ten sounds, and silence, apart: birdsong, a doorbell, a drum, an engine, a heartbeat, rain, a siren, a telephone's "
        "keys, water drops and a whistle. A small Audio Spectrogram Transformer, trained from scratch on this machine in half a minute."
    ),
    data=(
        "One or two seconds each, computed from a few sines and some noise by `demo/synthesis.py`: pitch, speed, loudness and "
        "background differ every time. Held out are sounds of other dice, and the same kinds with up to as much noise as sound."
    ),
    use='```python\nimport flavor\n\nlisten = flavor.load_model("models:/sounds@champion")\nlisten(samples)  # at 16,000 a second\n```',
    limits=(
        "It knows computed sounds only: whistle or drum into the microphone and it often guesses right, but real rain is harder. "
        "The first two seconds count; it answers with one of its labels even when there is nothing of the kind."
    ),
    figures=(
        Figure("held_out_accuracy", "held-out computed sounds", "computed-sounds"),
        Figure("noisy_accuracy", "the same in noise", "computed-sounds-noisy"),
    ),
    tags=("audio", "audio-spectrogram-transformer", "trained-from-scratch"),
)
