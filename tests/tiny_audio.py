"""Tiny seeded pipelines of the audio tasks, made offline in well under a second, and sounds. Builders return new objects."""

import json
from io import BytesIO
from pathlib import Path
from string import ascii_lowercase
from tempfile import TemporaryDirectory
from typing import Any

import numpy
import soundfile
import torch
from numpy.typing import NDArray
from tokenizers import AddedToken, pre_tokenizers
from transformers import (
    ASTConfig,
    ASTFeatureExtractor,
    ASTForAudioClassification,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    EncodecConfig,
    GenerationConfig,
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    Pipeline,
    T5Config,
    VitsConfig,
    VitsModel,
    VitsTokenizer,
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2ForSequenceClassification,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperTokenizer,
)

from flavor.audio import decode_audio
from flavor.pipelines.audio_classification import AudioClassificationPipeline
from flavor.pipelines.automatic_speech_recognition import AutomaticSpeechRecognitionPipeline
from flavor.pipelines.text_to_audio import TextToAudioPipeline
from flavor.pipelines.zero_shot_audio_classification import ZeroShotAudioClassificationPipeline

from .tiny_models import seeded, word_tokenizer

RATE = 16_000
WINDOW_S = 2  # of the tiny Whisper
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


def decoded(content: bytes) -> NDArray[Any]:
    """The samples of a sound file, at RATE."""
    return decode_audio(content, sampling_rate=RATE).samples


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


def whisper_tokenizer(*, languages: tuple[str, ...] = ("en", "fr", "de")) -> WhisperTokenizer:
    """A byte-level tokenizer with Whisper's special tokens, and times up to the tiny window."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = WhisperTokenizer(vocab={letter: number for number, letter in enumerate(letters)}, merges=[])
    tokenizer.add_special_tokens(
        {
            "additional_special_tokens": [
                "<|startoftranscript|>",
                *(f"<|{code}|>" for code in languages),
                *("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
            ],
            "pad_token": "<|endoftext|>",
        }
    )
    tokenizer.add_tokens([AddedToken(f"<|{number * 0.02:.2f}|>") for number in range(50 * WINDOW_S + 1)])
    tokenizer.model_max_length = 448
    return tokenizer


def is_written(piece: str) -> bool:
    return piece == "Ġ" or piece in ascii_lowercase


def whisper(*, languages: tuple[str, ...] = ("en", "fr", "de"), seed: int = 0) -> Pipeline:
    """A Whisper whose window is WINDOW_S seconds."""
    tokenizer = whisper_tokenizer(languages=languages)
    ids = {token: tokenizer.convert_tokens_to_ids(f"<|{token}|>") for token in ("startoftranscript", "translate", "transcribe")}
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=8,
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=37,
        decoder_ffn_dim=37,
        max_source_positions=50 * WINDOW_S,
        max_target_positions=448,
        init_std=0.3,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=ids["startoftranscript"],
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    model = seeded(WhisperForConditionalGeneration, config, seed=seed)
    model.generation_config = GenerationConfig(
        is_multilingual=len(languages) > 1,
        lang_to_id={f"<|{code}|>": tokenizer.convert_tokens_to_ids(f"<|{code}|>") for code in languages},
        task_to_id={name: ids[name] for name in ("translate", "transcribe")},
        no_timestamps_token_id=tokenizer.convert_tokens_to_ids("<|notimestamps|>"),
        prev_sot_token_id=tokenizer.convert_tokens_to_ids("<|startofprev|>"),
        alignment_heads=[[0, 0], [1, 1]],
        max_initial_timestamp_index=50,
        max_length=448,
        decoder_start_token_id=ids["startoftranscript"],
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
        return_timestamps=False,
        suppress_tokens=[number for number in range(256) if not is_written(tokenizer.convert_ids_to_tokens(number))],
    )
    extractor = WhisperFeatureExtractor(feature_size=8, chunk_length=WINDOW_S)
    return AutomaticSpeechRecognitionPipeline(
        model=model, tokenizer=tokenizer, feature_extractor=extractor, task="automatic-speech-recognition", device="cpu"
    )


def ctc(*, seed: int = 0) -> Pipeline:
    """A wav2vec2 that writes letters."""
    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAOIN"]
    with TemporaryDirectory() as folder:
        path = Path(folder, "vocab.json")
        path.write_text(json.dumps({letter: number for number, letter in enumerate(letters)}))
        tokenizer = Wav2Vec2CTCTokenizer(str(path))
    model = seeded(Wav2Vec2ForCTC, speech_config(vocab_size=len(letters), pad_token_id=0), seed=seed)
    model.lm_head.bias.data[1:4] = -100.0  # no <s>, </s>, <unk>
    extractor = Wav2Vec2FeatureExtractor(return_attention_mask=True)
    return AutomaticSpeechRecognitionPipeline(
        model=model, tokenizer=tokenizer, feature_extractor=extractor, task="automatic-speech-recognition", device="cpu"
    )


def zero_shot_audio_classification(*, fusion: bool = False, seed: int = 0) -> Pipeline:
    """A CLAP that hears one second; with `fusion`, a longer sound as a whole and in parts."""
    tokenizer = word_tokenizer()
    config = ClapConfig(
        text_config={
            **_TRANSFORMER,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 80,
            "pad_token_id": tokenizer.pad_token_id,
            "projection_hidden_size": 16,
        },
        audio_config={
            "num_mel_bins": 64,  # the extractor of longer sounds knows no other
            "spec_size": 256,
            "hidden_size": 32,
            "patch_size": 4,
            "patch_stride": [4, 4],
            "depths": [1, 1],
            "num_attention_heads": [2, 2],
            "patch_embeds_hidden_size": 16,
            "window_size": 4,
            "projection_hidden_size": 16,
            "enable_fusion": fusion,
            "enable_patch_fusion": fusion,
        },
        projection_dim=16,
    )
    extractor = ClapFeatureExtractor(
        feature_size=64,
        sampling_rate=RATE,
        hop_length=160,
        max_length_s=1,
        fft_window_size=1024,
        frequency_max=8000,
        truncation="fusion" if fusion else "rand_trunc",
    )
    return ZeroShotAudioClassificationPipeline(
        model=seeded(ClapModel, config, seed=seed),
        tokenizer=tokenizer,
        feature_extractor=extractor,
        task="zero-shot-audio-classification",
        device="cpu",
    )


def speaker(*, voices: int = 1, seed: int = 0) -> Pipeline:
    """A VITS that speaks letters."""
    letters = ["<pad>", "<unk>", " ", *ascii_lowercase]
    with TemporaryDirectory() as folder:
        path = Path(folder, "vocab.json")
        path.write_text(json.dumps({letter: number for number, letter in enumerate(letters)}))
        tokenizer = VitsTokenizer(str(path), phonemize=False)
    config = VitsConfig(
        vocab_size=len(letters),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        ffn_dim=16,
        flow_size=16,
        spectrogram_bins=9,
        num_speakers=voices,
        speaker_embedding_size=8 if voices > 1 else 0,
        prior_encoder_num_flows=2,
        prior_encoder_num_wavenet_layers=1,
        posterior_encoder_num_wavenet_layers=1,
        duration_predictor_num_flows=2,
        duration_predictor_filter_channels=16,
        depth_separable_num_layers=1,
        upsample_initial_channel=16,
        upsample_rates=[8, 2],
        upsample_kernel_sizes=[16, 4],
        resblock_kernel_sizes=[3],
        resblock_dilation_sizes=[[1]],
        sampling_rate=RATE,
    )
    model = seeded(VitsModel, config, seed=seed)
    return TextToAudioPipeline(model=model, tokenizer=tokenizer, task="text-to-audio", device="cpu")


def musician(*, seed: int = 0) -> Pipeline:
    """A MusicGen that plays a few notes by chance."""
    tokenizer = word_tokenizer()
    config = MusicgenConfig(
        text_encoder=T5Config(
            vocab_size=len(tokenizer), d_model=16, d_ff=16, d_kv=8, num_layers=1, num_heads=2, decoder_start_token_id=0
        ).to_dict(),
        audio_encoder=EncodecConfig(
            hidden_size=16,
            compress=1,
            num_filters=2,
            codebook_size=32,
            codebook_dim=16,
            num_residual_layers=1,
            sampling_rate=RATE,
        ).to_dict(),
        decoder=MusicgenDecoderConfig(
            vocab_size=32,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            ffn_dim=16,
            num_codebooks=2,
            pad_token_id=32,
            bos_token_id=32,
        ).to_dict(),
    )
    model = seeded(MusicgenForConditionalGeneration, config, seed=seed)
    for layer in model.audio_encoder.quantizer.layers:
        layer.codebook.embed.copy_(torch.randn(layer.codebook.embed.shape, generator=torch.Generator().manual_seed(seed)))
    model.generation_config.update(do_sample=True, guidance_scale=3.0, max_length=40, decoder_start_token_id=32, pad_token_id=32)
    return TextToAudioPipeline(model=model, tokenizer=tokenizer, task="text-to-audio", device="cpu")
