"""Sounds that a small Whisper can learn in seconds: four noises, each with a name, two in every second."""

import random
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy
import soundfile
import torch
from numpy.typing import NDArray
from tokenizers import AddedToken, pre_tokenizers
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperTokenizer,
)

RATE = 16_000
WINDOW_S = 2  # what the model hears at once; the real one hears 30
SLOT_S, SOUND_S = 0.5, 0.4
NOISES = ("beep", "boop", "hiss", "tick")


def record(*noises: str) -> bytes:
    """Return a WAV file in which these noises are heard one after the other."""
    buffer = BytesIO()
    soundfile.write(buffer, numpy.concatenate([_slot(name, numpy.random.default_rng(0)) for name in noises]), RATE, format="WAV")
    return buffer.getvalue()


def _slot(name: str, chance: numpy.random.Generator) -> NDArray[Any]:
    """Half a second in which one noise is heard; an empty name is silence."""
    times = numpy.arange(int(SOUND_S * RATE)) / RATE
    loudness = chance.uniform(0.3, 0.5)
    sound = {
        "beep": lambda: numpy.sin(2 * numpy.pi * 2500 * times),
        "boop": lambda: numpy.sin(2 * numpy.pi * 400 * times),
        "hiss": lambda: chance.standard_normal(len(times)) / 2,
        "tick": lambda: numpy.sin(2 * numpy.pi * 1200 * times) * (times % 0.1 < 0.02),
        "": lambda: 0 * times,
    }[name]()
    silence = numpy.zeros(int((SLOT_S - SOUND_S) * RATE))
    return (loudness * numpy.concatenate([sound, silence])).astype("float32")


def listener() -> tuple[WhisperForConditionalGeneration, WhisperTokenizer, WhisperFeatureExtractor]:
    """A Whisper that has learned nothing yet, with its tokenizer and feature extractor."""
    tokenizer = _tokenizer()
    start, end = tokenizer.convert_tokens_to_ids("<|startoftranscript|>"), tokenizer.eos_token_id
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=len(tokenizer),
            num_mel_bins=16,
            d_model=48,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=96,
            decoder_ffn_dim=96,
            max_source_positions=50 * WINDOW_S,
            max_target_positions=64,
            init_std=0.1,
            bos_token_id=end,
            eos_token_id=end,
            pad_token_id=end,
            decoder_start_token_id=start,
            suppress_tokens=[],
            begin_suppress_tokens=[],
        )
    )
    model.generation_config = GenerationConfig(
        is_multilingual=False,
        no_timestamps_token_id=tokenizer.convert_tokens_to_ids("<|notimestamps|>"),
        prev_sot_token_id=tokenizer.convert_tokens_to_ids("<|startofprev|>"),
        alignment_heads=[[0, 0], [0, 1]],
        max_initial_timestamp_index=25 * WINDOW_S,
        max_length=64,
        decoder_start_token_id=start,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        return_timestamps=False,
    )
    return model, tokenizer, WhisperFeatureExtractor(feature_size=16, chunk_length=WINDOW_S)


def lessons(tokenizer: Any, extractor: Any, *, steps: int, size: int) -> Any:
    """Yield batches of recordings and what is heard in them, half of them with times."""
    chance, noise = random.Random(0), numpy.random.default_rng(0)
    for _ in range(steps):
        heard = [_melody(chance) for _ in range(size)]
        sounds = [numpy.concatenate([_slot(name, noise) for name in names]) for names in heard]
        labels = [_label(tokenizer, names, timed=number % 2 == 0) for number, names in enumerate(heard)]
        longest = max(map(len, labels))
        features = extractor(sounds, sampling_rate=RATE, return_tensors="pt").input_features
        for number in range(0, size, 3):  # the end of a long recording is followed by zeros, which are not silence
            features[number, :, int(100 * SLOT_S) * (len(heard[number]) - heard[number].count("")) :] = 0.0
        yield {
            "input_features": features,
            "labels": torch.tensor([[*row, *[-100] * (longest - len(row))] for row in labels]),
        }


def _melody(chance: random.Random) -> list[str]:
    """Names of up to as many noises as fit into the window; the rest of it is silent."""
    most = int(WINDOW_S / SLOT_S)
    names = [chance.choice(NOISES) for _ in range(chance.randint(1, most))]
    return [*names, *[""] * (most - len(names))]


def _label(tokenizer: Any, names: Sequence[str], *, timed: bool) -> list[int]:
    slots = [(number * SLOT_S, name) for number, name in enumerate(names) if name]
    if timed:
        text = "".join(f"<|{begin:.2f}|> {name}<|{begin + SLOT_S:.2f}|>" for begin, name in slots)
    else:
        text = "<|notimestamps|>" + "".join(f" {name}" for _, name in slots)
    return [*tokenizer.encode(text, add_special_tokens=False), tokenizer.eos_token_id]


def _tokenizer() -> WhisperTokenizer:
    """A tokenizer with one token for each noise, Whisper's special tokens, and times up to the window's end."""
    words = [f"Ġ{name}" for name in NOISES]
    stems = {word: [word[: end + 1] for end in range(len(word))] for word in words}
    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(stem for each in stems.values() for stem in each[1:])]
    merges = [(stem, longer[-1]) for each in stems.values() for stem, longer in pairwise(each)]
    tokenizer = WhisperTokenizer(vocab={piece: number for number, piece in enumerate(dict.fromkeys(pieces))}, merges=merges)
    names = ("startoftranscript", "en", "translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
    special = {"additional_special_tokens": [f"<|{name}|>" for name in names], "pad_token": "<|endoftext|>"}
    tokenizer.add_special_tokens(special)
    tokenizer.add_tokens([AddedToken(f"<|{number * 0.02:.2f}|>") for number in range(50 * WINDOW_S + 1)])
    return tokenizer
