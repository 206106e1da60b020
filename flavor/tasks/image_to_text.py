"""Image to text: a picture put into words, freely or going on from words that are given."""

from typing import Any

from ._base import Display, Field, Kind, Param, Row, Task
from ._generation import FALLBACKS, GENERATION_PARAMS, generation_defaults
from ._text_to_text import rows_of_sequences, written_fields
from .image_classification import EXAMPLE_PNG


class ImageToText(Task):
    name = "image-to-text"
    title = "Image to text"
    summary = "Puts a picture into words: a caption, or the text that stands in it."
    modality = "multimodal"
    pipeline = "..pipelines.image_to_text:ImageToTextPipeline"
    auto_model = "AutoModelForImageTextToText"
    architecture_suffixes = (
        "VisionEncoderDecoderModel",
        "BlipForConditionalGeneration",
        "GitForCausalLM",
        "Pix2StructForConditionalGeneration",
    )
    components = ("image_processor", "tokenizer")

    inputs = (
        Field("image", Kind.IMAGE, "The picture to put into words."),
        Field("text", Kind.TEXT, "Words to go on from, for models that can (BLIP, GIT).", required=False, also=("prompt",)),
    )
    outputs = written_fields("generated_text", "The words, as the model wrote them: nothing is stripped.")
    params = (
        *GENERATION_PARAMS,
        Param("return_full_text", bool, True, "Repeat the words that were given in front of those that were written."),
    )
    fallbacks = {**FALLBACKS, "do_sample": False}
    example = {"image": EXAMPLE_PNG}
    example_params = {"max_new_tokens": 40}
    display = Display.TEXT
    streams = True
    generates = True
    preprocesses = True

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N dicts of a decoded image and, where given, the words to go on from."""
        return [{"image": row["image"], **({"prompt": row["text"]} if row.get("text") else {})} for row in rows]

    def model_defaults(self, pipeline: Any) -> Row:
        return generation_defaults(pipeline)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N lists of written sequences to N lists of rows, one row per sequence."""
        return rows_of_sequences(raw, "generated_text")

    def result_title(self, row: Row) -> str:
        return row.get("text") or self.title


TASK = ImageToText()
