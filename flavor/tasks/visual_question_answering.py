"""Visual question answering: a picture and a question to answers."""

from collections.abc import Hashable
from typing import Any

from ._base import Display, Field, InvalidInput, Kind, Param, Row, Task
from ._example_media import SCENE
from ._generation import GENERATION_PARAMS
from ._images import MAX_LARGE_IMAGES, call_alike, size_of
from ._label_scores import ALL_LABELS

_MOST = 100_000
# An answer is the likeliest one: chance, stop texts and the like are for tasks that write freely.
_WRITING = ("max_new_tokens", "min_new_tokens", "repetition_penalty", "no_repeat_ngram_size", "num_beams", "length_penalty")


class VisualQuestionAnswering(Task):
    name = "visual-question-answering"
    title = "Visual question answering"
    summary = "Answers a question about a picture."
    modality = "multimodal"
    aliases = ("vqa",)
    pipeline = "..pipelines.visual_question_answering:VisualQuestionAnsweringPipeline"
    auto_model = "AutoModelForVisualQuestionAnswering"
    architecture_suffixes = ("ViltForQuestionAnswering", "BlipForQuestionAnswering", "Blip2ForConditionalGeneration")
    components = ("tokenizer", "image_processor")

    inputs = (
        Field("question", Kind.TEXT, "The question."),
        Field("image", Kind.IMAGE, "The picture that it is about."),
    )
    outputs = (
        Field("answer", Kind.TEXT, "One of the answers that the model knows, or what it wrote."),
        Field(
            "score",
            Kind.NUMBER,
            "How sure the model is, 0 to 1, each answer for itself; absent where it writes.",
            required=False,
        ),
    )
    params = (
        Param(
            "top_k",
            int,
            5,
            "Answers returned, best first, by models that choose among the answers they know; 0 returns all.",
            minimum=0,
            maximum=_MOST,
        ),
        *(each for each in GENERATION_PARAMS if each.name in _WRITING),
    )
    example = {"question": "What stands beside the house?", "image": SCENE}
    display = Display.ANSWER
    streams = True
    written = "answer"
    max_batch = MAX_LARGE_IMAGES

    def check_model(self, pipeline: Any, params: Row) -> None:
        """Refuse parameters of writing where the model chooses among the answers it knows."""
        said = next((name for name in _WRITING if params.get(name) is not None), None)
        if said and not pipeline.writes:
            count = len(pipeline.model.config.id2label)
            raise InvalidInput(
                f"params.{said}", f"params.{said} is for models that write; this one chooses among {count} answers: leave it out."
            )

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N pairs of a picture and a question."""
        return [{"image": row["image"], "question": row["question"]} for row in rows]

    def call_params(self, params: Row) -> Row:
        return {**params, "top_k": _MOST if params["top_k"] == ALL_LABELS else params["top_k"], "truncation": True}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """One call for pictures of one size; where the model writes, of one question, since a padded one is read differently."""

        def alike(pair: Row) -> Hashable:
            return size_of(pair["image"]), pair["question"] if pipeline.writes else None

        return call_alike(pipeline, inputs, arguments, alike)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of answers, best first."""
        return [[_answer(each) for each in answers] for answers in raw]

    def result_title(self, row: Row) -> str:
        return row.get("question") or self.title


def _answer(raw: Row) -> Row:
    score = {"score": float(raw["score"])} if "score" in raw else {}
    return {"answer": str(raw["answer"]), **score}


TASK = VisualQuestionAnswering()
