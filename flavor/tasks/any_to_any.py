"""Any to any: words, images, sounds and films in, words, an image or a sound out."""

from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Sound, Task, Warned
from ._example_sounds import DOORBELL
from ._generation import FALLBACKS, SAMPLING, generation_defaults
from ._messages import check_shown, kind_of_part
from ._seeing import SEEING_PARAMS, last_text, put_into_chat, rows_of_writings, seeing_preprocess_params
from ._text_to_text import written_fields

TEXT, IMAGE, AUDIO = "text", "image", "audio"
_MEDIA = (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)
_NAMES = {Kind.IMAGE: "images", Kind.AUDIO: "audio", Kind.VIDEO: "videos"}  # of the pipeline's inputs


class AnyToAny(Task):
    name = "any-to-any"
    title = "Any to any"
    summary = "Reads words, images, sounds and films, and answers with words, an image or a sound."
    modality = "multimodal"
    pipeline = "..pipelines.any_to_any:AnyToAnyPipeline"
    auto_model = "AutoModelForMultimodalLM"
    architecture_suffixes = (
        "Qwen2AudioForConditionalGeneration",
        "Qwen2_5OmniForConditionalGeneration",
        "Qwen3OmniMoeForConditionalGeneration",
        "Phi4MultimodalForCausalLM",
        "VoxtralForConditionalGeneration",
        "GraniteSpeechForConditionalGeneration",
        "Gemma3nForConditionalGeneration",
        "Gemma4ForConditionalGeneration",
        "JanusForConditionalGeneration",
        "Emu3ForConditionalGeneration",
    )
    components = ("processor",)

    inputs = (
        Field("text", Kind.TEXT, "The prompt, such as a question about the media.", required=False),
        Field(
            "messages",
            Kind.MESSAGES,
            "The chat to answer, for models with a chat template; its messages may hold media.",
            required=False,
        ),
        Field("image", Kind.IMAGE, "An image; in a chat, the user's first message shows it.", required=False),
        Field("audio", Kind.AUDIO, "A sound; in a chat, it goes with the user's first message.", required=False),
        Field("video", Kind.VIDEO, "A film; in a chat, it goes with the user's first message.", required=False),
    )
    one_of = (("text", "messages"),)
    message_media = _MEDIA
    outputs = (
        *(
            Field(each.name, each.kind, each.help, required=False)
            for each in written_fields("generated_text", "The text written, as the model wrote it: nothing is stripped.")
        ),
        Field("message", Kind.JSON, "The same as a chat message, where messages were sent.", required=False),
        Field("logprobs", Kind.JSON, "How likely each token was, where that was asked for.", required=False),
        Field("generated_image", Kind.IMAGE, "The image made, where one was asked for.", required=False),
        Field("generated_audio", Kind.AUDIO, "The sound made, where one was asked for.", required=False),
    )
    params = (
        Param("generation_mode", str, TEXT, "What to answer with, for models that can do more.", choices=(TEXT, IMAGE, AUDIO)),
        *SEEING_PARAMS,
    )
    fallbacks = {**FALLBACKS, "do_sample": False}
    example = {"text": "What is heard?", "audio": DOORBELL}
    example_params = {"max_new_tokens": 40}
    display = Display.TEXT
    accepts_prompt_template = True
    streams = True
    generates = True
    preprocesses = True

    def check_model(self, pipeline: Any, params: Row) -> None:
        check_shown(pipeline, params)
        mode = params["generation_mode"]
        if mode not in pipeline.makes:
            made = ", ".join(pipeline.makes)
            raise InvalidInput("params.generation_mode", f"params.generation_mode {mode} is not what this model makes: {made}.")

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """The row with its sounds as samples; a chat's with its media in the user's first message."""
        for kind in _kinds_in(row):
            pipeline.check_reads(str(kind))
        if not row.get("messages"):
            return {name: _samples(value) for name, value in row.items()}, []
        parts = [{"type": str(kind), str(kind): row[kind]} for kind in _MEDIA if kind in row]
        messages = put_into_chat(row["messages"], parts)
        return {"messages": [_with_samples(message) for message in messages]}, []

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N chats, or prompts with their media."""
        return [row.get("messages") or _prompt(row) for row in rows]

    def preprocess_params(self, params: Row) -> Row:
        return seeing_preprocess_params(params)

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def generates_with(self, params: Row) -> bool:
        return params.get("generation_mode", TEXT) == TEXT

    def streams_with(self, params: Row) -> bool:
        return self.generates_with(params) and super().streams_with(params)

    def call_params(self, params: Row) -> Row:
        """For images and sounds: how long they are is the model's business."""
        chance = {name: params[name] for name in SAMPLING if name in params}
        return {
            "mode": params["generation_mode"],
            "settings": {"do_sample": bool(params.get("do_sample")), **chance},
            "processor_kwargs": dict(params.get("processor_kwargs") or {}),
        }

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """N inputs to N images or sounds, one after the other."""
        names = self.call_params({"generation_mode": TEXT})
        told = {name: arguments[name] for name in names}
        seeds = zip(inputs, arguments["seeds"], strict=True)
        return [[{f"generated_{told['mode']}": pipeline.make(each, seed=seed, **told)}] for each, seed in seeds]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences, or of one thing made, to N lists of rows."""
        return rows_of_writings(raw, tuple(each.name for each in self.outputs))

    def display_for(self, row: Row) -> Display:
        return Display.CHAT if row.get("messages") else Display.TEXT

    def result_title(self, row: Row) -> str:
        return last_text(row) or self.title


def _kinds_in(row: Row) -> list[Kind]:
    contents = [message.get("content") for message in row.get("messages") or ()]
    parts = [part for content in contents if isinstance(content, list) for part in content]
    found = [kind_of_part(part) for part in parts]
    return [kind for kind in _MEDIA if kind in row or kind in found]


def _samples(value: Any) -> Any:
    return value.samples if isinstance(value, Sound) else value


def _with_samples(message: Row) -> Row:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [{name: _samples(value) for name, value in part.items()} for part in content]}


def _prompt(row: Row) -> Any:
    media = {name: row[kind] for kind, name in _NAMES.items() if kind in row}
    return {"text": row["text"], **media} if media else row["text"]


TASK = AnyToAny()
