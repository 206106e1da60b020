"""Image and text to text: a prompt about an image continued, or a chat with images answered."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task, Warned
from ._example_media import SCENE
from ._generation import FALLBACKS, generation_defaults
from ._messages import check_shown
from ._seeing import SEEING_PARAMS, last_text, put_into_chat, rows_of_writings, seeing_preprocess_params
from ._text_to_text import written_fields

# The models of which each has a class named for it: SmolVLMForConditionalGeneration.
_FAMILIES = (
    *("Llava", "LlavaNext", "LlavaOnevision", "VipLlava", "FastVlm", "AyaVision", "Cohere2Vision", "PerceptionLM", "Ovis2"),
    *("Idefics2", "Idefics3", "SmolVLM", "PaliGemma", "Gemma3", "Gemma3n", "Gemma4", "Mistral3", "Mllama", "Llama4", "Aria"),
    *("Qwen2VL", "Qwen2_5_VL", "Qwen3VL", "Qwen3VLMoe", "Qwen3_5", "Qwen3_5Moe", "Glm4v", "Glm4vMoe", "Glm46V", "GlmOcr"),
    *("InternVL", "DeepseekVL", "DeepseekVLHybrid", "Lfm2Vl", "Emu3", "Janus", "Chameleon", "Florence2", "GotOcr2"),
    *("InstructBlip", "Blip", "Blip2", "Kosmos2", "Kosmos2_5", "Pix2Struct", "Udop", "T5Gemma2", "PaddleOCRVL", "LightOnOcr"),
)


class ImageTextToText(Task):
    name = "image-text-to-text"
    title = "Image and text to text"
    summary = "Goes on from a prompt about an image, or answers a chat with images in it."
    modality = "multimodal"
    pipeline = "..pipelines.image_text_to_text:ImageTextToTextPipeline"
    auto_model = "AutoModelForImageTextToText"
    architecture_suffixes = (*(f"{family}ForConditionalGeneration" for family in _FAMILIES), "FuyuForCausalLM", "GitForCausalLM")
    components = ("processor",)

    inputs = (
        Field("text", Kind.TEXT, "The prompt, such as a question or the first words of a caption.", required=False),
        Field(
            "messages",
            Kind.MESSAGES,
            "The chat to answer, for models with a chat template; its messages may hold images.",
            required=False,
        ),
        Field("image", Kind.IMAGE, "The image that it is about; in a chat, the user's first message shows it.", required=False),
    )
    one_of = (("text", "messages"),)
    message_media = (Kind.IMAGE,)
    outputs = (
        *written_fields("generated_text", "The text written, as the model wrote it: nothing is stripped."),
        Field("message", Kind.JSON, "The same as a chat message, where messages were sent.", required=False),
        Field("logprobs", Kind.JSON, "How likely each token was, where that was asked for.", required=False),
    )
    params = SEEING_PARAMS
    fallbacks = {**FALLBACKS, "do_sample": False}
    example = {"text": "What stands beside the house?", "image": SCENE}
    example_params = {"max_new_tokens": 40}
    display = Display.TEXT
    accepts_prompt_template = True
    streams = True
    generates = True
    preprocesses = True

    def check_model(self, pipeline: Any, params: Row) -> None:
        check_shown(pipeline, params)

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """A chat's row with its image where the user's first message shows it."""
        if not row.get("messages") or "image" not in row:
            return row, []
        parts = [{"type": "image", "image": row["image"]}]
        return {"messages": put_into_chat(row["messages"], parts)}, []

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N chats, prompts, or prompts with their image."""
        return [row.get("messages") or _prompt(row) for row in rows]

    def preprocess_params(self, params: Row) -> Row:
        return seeing_preprocess_params(params)

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences to N lists of rows, one row per sequence."""
        return rows_of_writings(raw, tuple(each.name for each in self.outputs))

    def display_for(self, row: Row) -> Display:
        return Display.CHAT if row.get("messages") else Display.TEXT

    def result_title(self, row: Row) -> str:
        return last_text(row) or self.title


def _prompt(row: Row) -> Any:
    return {"images": row["image"], "text": row["text"]} if "image" in row else row["text"]


TASK = ImageTextToText()
