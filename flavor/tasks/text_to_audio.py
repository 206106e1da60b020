"""Text to audio: a text spoken, or a sound or piece of music made as a text describes it."""

from typing import Any

from ._base import Display, Field, Kind, Param, Row, Sound, Task
from ._generation import GENERATION_PARAMS

TEXT = "text"
SEED = "seed"
_WRITING = ("max_new_tokens", "do_sample", "temperature", "top_k", "top_p", SEED)


class TextToAudio(Task):
    name = "text-to-audio"
    title = "Text to audio"
    summary = "Speaks a text, or makes the sound or music that it describes."
    modality = "audio"
    aliases = ("text-to-speech",)
    pipeline = "..pipelines.text_to_audio:TextToAudioPipeline"
    auto_model = "AutoModelForTextToWaveform"
    architecture_suffixes = (
        *("VitsModel", "BarkModel", "ForTextToSpeech", "FastSpeech2ConformerWithHifiGan", "FastSpeech2ConformerModel"),
        *("MusicgenForConditionalGeneration", "MusicgenMelodyForConditionalGeneration", "CsmForConditionalGeneration"),
        *("DiaForConditionalGeneration", "VibeVoiceForConditionalGeneration", "PocketTTSForConditionalGeneration"),
        *("HiggsAudioV2ForConditionalGeneration", "GradiumPhononTTSForConditionalGeneration"),
    )
    components = ("tokenizer",)
    alternatives = {"tokenizer": "processor"}
    draws = True

    inputs = (Field(TEXT, Kind.TEXT, "The text to speak, or the description of a sound."),)
    outputs = (
        Field("audio", Kind.AUDIO, "The sound, WAV."),
        Field("sampling_rate", Kind.INTEGER, "Samples per second."),
        Field("seconds", Kind.NUMBER, "How long it is."),
    )
    params = (
        Param("speaker_id", int, None, "Which voice speaks, where a model has several.", minimum=0, maximum=1_000_000),
        Param("speaking_rate", float, None, "Faster above 1, slower below (VITS).", minimum=0.1, maximum=10),
        *(each for each in GENERATION_PARAMS if each.name in _WRITING),
        Param(
            "guidance_scale",
            float,
            None,
            "Above 1 keeps closer to the text, at the price of variety (MusicGen).",
            minimum=0,
            maximum=100,
            advanced=True,
        ),
    )
    example = {TEXT: "The soup was cold, the waiter kind."}
    display = Display.AUDIO

    def check_model(self, pipeline: Any, params: Row) -> None:
        pipeline.check(params)

    def model_defaults(self, pipeline: Any) -> Row:
        return dict(pipeline.settings)

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N texts."""
        return [row[TEXT] for row in rows]

    def call_params(self, params: Row) -> Row:
        return {name: value for name, value in params.items() if name != SEED}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """Each text alone: in company its sound would end in noise, and depend on the others' chance."""

        own = {name: value for name, value in arguments.items() if name != "seeds"}

        def spoken(text: str, seed: int) -> list[Row]:
            answer = pipeline(text, **{**own, "batch_size": 1, SEED: seed}) if pipeline.has_words(text) else []
            return [answer] if isinstance(answer, dict) else answer

        return [spoken(text, seed) for text, seed in zip(inputs, arguments["seeds"], strict=True)]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of one row, channels mixed; none for a text that cannot be spoken."""
        return [[_row(each["audio"], int(each["sampling_rate"])) for each in sounds] for sounds in raw]


def _row(samples: Any, sampling_rate: int) -> Row:
    sound = Sound(samples.mean(axis=0) if samples.ndim == 2 else samples.reshape(-1), sampling_rate)
    return {"audio": sound, "sampling_rate": sampling_rate, "seconds": round(sound.seconds, 3)}


TASK = TextToAudio()
