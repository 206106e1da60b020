"""Automatic speech recognition: one recording to what was said in it, with times on request."""

import json
from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task, Warned
from ._example_sounds import SPEECH
from ._sounds import AUDIO, audio_field, call_alike, long_enough, window_of
from ._times import TIMES, Times

# Models that hear and write, though they are called as those of texts are.
_WRITERS = (
    *("Canary", "CohereAsr", "FunAsrNano", "GraniteSpeech", "GraniteSpeechPlus", "KyutaiSpeechToText", "Moonshine"),
    *("MoonshineStreaming", "Qwen3ASR", "Speech2Text", "VibeVoiceAsr", "Voxtral", "VoxtralRealtime", "Whisper"),
)


class AutomaticSpeechRecognition(Task):
    name = "automatic-speech-recognition"
    title = "Speech recognition"
    summary = "Writes down what is said in a recording, of any length, with times on request."
    modality = "audio"
    pipeline = "..pipelines.automatic_speech_recognition:AutomaticSpeechRecognitionPipeline"
    auto_model = "AutoModelForSpeechSeq2Seq"
    architecture_suffixes = (
        *("ForCTC", "ForTDT", "ForRNNT", "ForSpeechToText", "SpeechEncoderDecoderModel"),
        *(f"{name}ForConditionalGeneration" for name in _WRITERS),
    )
    components = ("tokenizer", "feature_extractor")

    inputs = (audio_field("The recording."),)
    outputs = (
        Field("text", Kind.TEXT, "What was said, as the model wrote it: nothing is stripped."),
        Field(
            "chunks",
            Kind.JSON,
            "The same in pieces: text, timestamp (start and end in seconds; null where the model gave none), language.",
            required=False,
        ),
        Field("language", Kind.TEXT, "The language that was heard, where return_language asks for it.", required=False),
    )
    params = (
        Param(
            TIMES,
            str,
            "none",
            "What is timed: segments (Whisper), words, or characters (CTC models).",
            choices=tuple(str(each) for each in Times),
            also=((True, "segment"), (False, "none")),
        ),
        Param("language", str, None, "The language spoken, a code or a name; left out, it is heard (Whisper)."),
        Param(
            "task",
            str,
            None,
            "Write in the language spoken, or translate to English (Whisper).",
            choices=("transcribe", "translate"),
        ),
        Param("return_language", bool, None, "Say which language was heard (Whisper)."),
        Param("prompt", str, None, "Text that could come before, to show spelling and names (Whisper).", advanced=True),
        Param(
            "chunk_length_s",
            float,
            None,
            "Read in overlapping pieces of this many seconds. Left out, Whisper finds its own way; CTC models read more than a "
            "minute in pieces of 30.",
            minimum=0.1,
            maximum=3600,
            advanced=True,
        ),
        Param(
            "stride_length_s",
            float,
            None,
            "Seconds by which pieces overlap at either end; left out, a sixth of their length.",
            minimum=0,
            maximum=1800,
            advanced=True,
        ),
        Param("condition_on_prev_tokens", bool, None, "Let a long sound's earlier text guide the next (Whisper).", advanced=True),
        Param("max_new_tokens", int, None, "Most tokens to write for what is heard at once.", minimum=1, maximum=1_000_000),
        Param("num_beams", int, None, "Follow this many candidates at once.", minimum=1, maximum=64, advanced=True),
        Param(
            "length_penalty", float, None, "With beams: above 0 favours longer texts.", minimum=-100, maximum=100, advanced=True
        ),
        Param(
            "repetition_penalty",
            float,
            None,
            "Above 1 makes tokens that are already there less likely.",
            minimum=0.01,
            maximum=100,
            advanced=True,
        ),
        Param(
            "no_repeat_ngram_size",
            int,
            None,
            "No run of this many tokens is written twice; 0 allows all.",
            minimum=0,
            maximum=1000,
            advanced=True,
        ),
    )
    example = {AUDIO: SPEECH}
    display = Display.TRANSCRIPT

    def check_model(self, pipeline: Any, params: Row) -> None:
        pipeline.check(params)

    def model_defaults(self, pipeline: Any) -> Row:
        names = {each.name for each in self.params}
        return {name: value for name, value in pipeline.settings.items() if name in names}

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        return {**row, AUDIO: long_enough(row[AUDIO], pipeline)}, pipeline.warnings_of(row[AUDIO], params)

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N arrays of samples at the model's rate."""
        return [row[AUDIO].samples for row in rows]

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """One call for each length of sound; times that only helped to read a long one are left out of its answer."""
        asks_for_pieces = arguments[TIMES] != Times.NONE or arguments.get("return_language")

        def transcribe(sounds: list[Any], **more: Any) -> list[Row]:
            answers = pipeline(sounds, **pipeline.arguments_for(sounds[0], more))
            return answers if asks_for_pieces else [{"text": each["text"]} for each in answers]

        extractor = pipeline.feature_extractor
        return call_alike(
            transcribe,
            inputs,
            arguments,
            samples_of=lambda samples: samples,
            window=window_of(extractor),
            sampling_rate=extractor.sampling_rate,
        )

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of one row."""
        return [[_transcript(each)] for each in raw]

    def to_stock_of(self, rows: list[Row], results: list[list[Row]], said: Row) -> list[str]:
        """Stock's texts, one per recording, stripped; with times of words or characters, all transcripts in one JSON text."""
        if said.get(TIMES) not in (Times.WORD, Times.CHAR):
            return [row["text"].strip() for (row,) in results]
        found = [{name: row[name] for name in ("text", "chunks")} for (row,) in results]
        return [json.dumps(found[0] if len(found) == 1 else found)]


def _transcript(answer: Row) -> Row:
    found: Row = {"text": answer["text"]}
    if "chunks" in answer:
        found["chunks"] = [_chunk(each) for each in answer["chunks"]]
        languages = [each["language"] for each in found["chunks"] if each.get("language")]
        found |= {"language": languages[0]} if languages else {}
    return found


def _chunk(chunk: Row) -> Row:
    times = chunk.get("timestamp")
    return chunk if times is None else {**chunk, "timestamp": [None if each is None else float(each) for each in times]}


TASK = AutomaticSpeechRecognition()
